/** Parts of a page whose script comes when they are first shown. */
import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import { reason } from "../../i18n";
import { notify } from "./notice";

/** A component that shows nothing until `load` brought the real one. A failure is told, and the next showing tries again. */
export function later<P extends object>(load: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
  const part = signal<{ readonly Shown: FunctionComponent<P> } | null>(null);
  let loading: Promise<void> | null = null;
  return function Later(props) {
    useEffect(() => {
      if (part.peek()) return;
      loading ??= load().then(
        (Shown) => void (part.value = { Shown }),
        () => {
          loading = null;
          notify(reason("network"), "bad");
        },
      );
    }, []);
    if (!part.value) return null;
    const { Shown } = part.value;
    return <Shown {...props} />;
  };
}
