import type { Press } from "../composer/keys";

const IME_KEY_CODE = 229;

/** An event of the browser as the rules see it. */
export function pressOf(event: KeyboardEvent): Press {
  return {
    key: event.key,
    shift: event.shiftKey,
    command: event.ctrlKey || event.metaKey,
    // Safari ends composing before the key that ended it arrives; its code still tells.
    composing: event.isComposing || event.keyCode === IME_KEY_CODE,
  };
}
