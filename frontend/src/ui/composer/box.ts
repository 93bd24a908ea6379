/** The text area, uncontrolled: the input method owns what is in it, and nothing is written there while it composes. */

const LINES = 8;

/** Browsers with `field-sizing` grow the box themselves. */
const grows = (): boolean => CSS.supports("field-sizing", "content");

export class Box {
  readonly element: HTMLTextAreaElement;

  constructor(element: HTMLTextAreaElement) {
    this.element = element;
  }

  get text(): string {
    return this.element.value;
  }

  get caret(): number {
    return this.element.selectionStart;
  }

  /**
   * The whole text, and an empty box. In the middle of a syllable the method has not let go of it yet: leaving the box
   * makes it, and coming back in the same task keeps the keyboard of a phone open. iOS tells nothing of composing and
   * would put the syllable back into the emptied box without this.
   */
  take(): string {
    this.element.blur();
    const text = this.element.value;
    this.element.value = "";
    this.element.focus({ preventScroll: true });
    this.fit();
    return text;
  }

  /** Another text. The focus stays where it was. */
  set(text: string): void {
    const focused = document.activeElement === this.element;
    this.element.blur();
    this.element.value = text;
    if (focused) this.element.focus({ preventScroll: true });
    this.fit();
  }

  /** Replaces what stands between `start` and the caret. */
  replace(start: number, text: string): void {
    const caret = this.caret;
    this.element.blur();
    this.element.setRangeText(text, start, caret, "end");
    this.element.focus({ preventScroll: true });
    this.fit();
  }

  focus(): void {
    this.element.focus({ preventScroll: true });
    this.element.setSelectionRange(this.text.length, this.text.length);
  }

  /** One to eight lines high. */
  fit(): void {
    if (grows()) return;
    const { style } = this.element;
    style.height = "auto";
    const line = parseFloat(getComputedStyle(this.element).lineHeight);
    style.height = `${Math.min(this.element.scrollHeight, line * LINES + 24)}px`;
  }
}
