/** A list that comes in pages: its rows, what to say when there is none, and a button for more. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { ta } from "../../i18n/admin";
import { attempt } from "../message/actions";
import { PAGE } from "./api";

interface ListingProps<T> {
  /** The page behind these rows; another function loads the list anew. */
  load(after: readonly T[]): Promise<T[]>;
  name(item: T): string | number;
  row(item: T, reload: () => void): ComponentChildren;
  /** Changes when the list is to begin anew. */
  about?: string;
}

export function Listing<T>({ load, name, row, about }: ListingProps<T>) {
  const rows = useSignal<readonly T[] | null>(null);
  const more = useSignal(false);
  const show = (after: readonly T[]): void =>
    void attempt(
      load(after).then((page) => {
        rows.value = [...after, ...page];
        more.value = page.length === PAGE;
      }),
    );
  const reload = (): void => show([]);
  useEffect(reload, [about]);
  if (rows.value === null) return null;
  if (rows.value.length === 0) return <p class="muted">{ta("none")}</p>;
  return (
    <>
      <ul class="devices">
        {rows.value.map((item) => (
          <li key={name(item)}>{row(item, reload)}</li>
        ))}
      </ul>
      {more.value && (
        <button type="button" class="btn" onClick={() => show(rows.value ?? [])}>
          {ta("more")}
        </button>
      )}
    </>
  );
}

/** A name, what stands behind it, and under it what else is known. */
export function About({ name, tags = [], notes }: { name: string; tags?: readonly (string | false)[]; notes: readonly (string | false)[] }) {
  return (
    <p class="grow">
      <bdi>{name}</bdi>
      {tags.filter(Boolean).map((tag) => ` · ${tag}`)}
      <br />
      <span class="muted small">{notes.filter(Boolean).join(" · ")}</span>
    </p>
  );
}
