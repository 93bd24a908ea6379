/** A field with its name, a hint, and what is wrong with it: read out with the field. */
import type { ComponentChildren } from "preact";

interface FieldProps {
  /** Of the page: no two fields have the same. */
  id: string;
  label: string;
  hint?: string | undefined;
  problem?: string | undefined;
  children: (aria: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean }) => ComponentChildren;
}

export function Field({ id, label, hint, problem, children }: FieldProps) {
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": problem !== undefined })}
      {problem && (
        <p id={`${id}-problem`} class="problem">
          {problem}
        </p>
      )}
      {hint && (
        <p id={`${id}-hint`} class="muted small">
          {hint}
        </p>
      )}
    </div>
  );
}
