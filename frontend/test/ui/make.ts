/** Messages for tests: a plain one, changed where the test says so. */
import type { Message } from "../../src/core/api";

let made = 0;

export function message(change: Partial<Message> = {}): Message {
  made += 1;
  return {
    id: `1-${made}`,
    room: "배포-회의",
    seq: made,
    changed_seq: made,
    client_id: `c${made}`,
    sender: { id: "jimin", name: "김지민", kind: "person" },
    type: "text",
    body: "안녕하세요",
    mentions: [],
    created_at: "2026-11-20T05:02:00.000Z",
    edited_at: null,
    deleted_at: null,
    uploads: [],
    reactions: [],
    ...change,
  };
}
