/** A question before something that cannot be undone. */
import { signal } from "@preact/signals";

export interface Question {
  readonly text: string;
  /** The word on the button that does it. */
  readonly act: string;
  answer(yes: boolean): void;
}

export const question = signal<Question | null>(null);

/** Resolves to true if the person agrees. A new question puts the one before it aside. */
export function ask(text: string, act: string): Promise<boolean> {
  question.peek()?.answer(false);
  return new Promise((resolve) => {
    question.value = {
      text,
      act,
      answer: (yes) => {
        question.value = null;
        resolve(yes);
      },
    };
  });
}
