/** What a key does in the message box, apart from the box itself. */

export interface Press {
  readonly key: string;
  readonly shift: boolean;
  /** Ctrl or ⌘. */
  readonly command: boolean;
  /** isComposing, or keyCode 229: the key belongs to the input method, whatever it is called. */
  readonly composing: boolean;
}

export interface Situation {
  /** The person's choice for a keyboard. */
  readonly enter: "send" | "break";
  /** A touch screen is the main input: its Enter breaks the line. */
  readonly touch: boolean;
  /** The caret stands in a block of code that is not closed. */
  readonly inFence: boolean;
  readonly empty: boolean;
  /** A list of people or emoji is open and has an entry. */
  readonly listOpen: boolean;
  /** The message is an edit, or answers another: Escape leaves that first. */
  readonly hasBanner: boolean;
}

export type Act = "send" | "edit_last" | "choose" | "next" | "previous" | "close_list" | "close_banner" | null;

/** The act of a key, or null: the browser does what it does. */
export function actOf(press: Press, now: Situation): Act {
  if (press.composing) return null;
  if (now.listOpen) {
    if (press.key === "ArrowDown") return "next";
    if (press.key === "ArrowUp") return "previous";
    if (press.key === "Escape") return "close_list";
    if ((press.key === "Enter" || press.key === "Tab") && !press.shift && !press.command) return "choose";
  }
  if (press.key === "Escape" && now.hasBanner) return "close_banner";
  if (press.key === "ArrowUp" && now.empty && !press.shift && !press.command) return "edit_last";
  if (press.key !== "Enter" || press.shift) return null;
  if (press.command) return "send";
  return now.touch || now.inFence || now.enter === "break" ? null : "send";
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/** Whether the caret stands in a fence that has no end yet. */
export function inOpenFence(text: string, caret: number): boolean {
  let open: string | null = null;
  for (const line of text.slice(0, caret).split("\n")) {
    const mark = FENCE.exec(line)?.[1];
    if (mark === undefined) continue;
    if (open === null) open = mark;
    else if (mark[0] === open[0] && mark.length >= open.length) open = null;
  }
  return open !== null && !text.slice(caret).includes(`\n${open}`);
}

export type Command = "help" | "stop" | "invite" | "leave";

const COMMANDS: ReadonlySet<string> = new Set<Command>(["help", "stop", "invite", "leave"]);

/** The command that a text is, `unknown` if it looks like one, null if it is a message (also `/etc/hosts`). */
export function commandIn(text: string): { readonly name: Command } | { readonly unknown: string } | null {
  const word = /^\/([\p{L}\d]+)(?:\s|$)/u.exec(text.trim())?.[1];
  if (word === undefined) return null;
  const name = word.toLowerCase();
  return COMMANDS.has(name) ? { name: name as Command } : { unknown: `/${word}` };
}

const WARN_FROM = 0.9;

/** What the counter shows: nothing below 90% of the limit, then how many code points are left; below zero: too many. */
export function roomLeft(text: string, limit: number): number | null {
  // UTF-16 units are never fewer than code points: short texts need no counting.
  if (text.length < limit * WARN_FROM) return null;
  let points = 0;
  for (const _ of text) points += 1;
  return points < limit * WARN_FROM ? null : limit - points;
}
