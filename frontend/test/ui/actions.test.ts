import { computed } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import { actionsFor, mayGoOn, mayRedo } from "../../src/ui/message/actions";
import { RoomView } from "../../src/ui/page/view";
import { MemoryClient, MemoryRoom, MemoryRow, roomInfo } from "./fixture/memory";
import { demo, jimin, me } from "./fixture/people";
import { message } from "./make";

/** My question, an answer to it that broke off, and what is offered for that. */
function talk() {
  const question = new MemoryRow(message({ sender: me, body: "@데모 조건이 뭐죠?" }));
  const { id, seq, sender, body } = question.message.peek();
  const quoted = { id, seq, sender, excerpt: body, deleted: false };
  const answer = new MemoryRow(
    message({ sender: demo, body: "여기까지", reply_to: quoted, status: "interrupted", run: { attempt: 1, asker: me, versions: 1 } }),
  );
  const room = new MemoryRoom(roomInfo("tea"), [question, answer]);
  const view = new RoomView(new MemoryClient(), room);
  const offered = computed(() => [mayRedo(view, answer), mayGoOn(view, answer), actionsFor(view, answer).includes("regenerate")]);
  return { question, answer, quoted, room, view, offered };
}

const YES = [true, true, true];
const NO = [false, false, false];

describe("an answer that broke off", () => {
  it("can be written again while assistants may see its question", () => {
    const { question, offered } = talk();
    expect(offered.value).toEqual(YES);
    question.change({ not_for_ai: true });
    expect(offered.value).toEqual(NO);
    question.change({ not_for_ai: false });
    expect(offered.value).toEqual(YES);
  });

  it("cannot when its question was deleted, or is gone", () => {
    const { answer, quoted, offered } = talk();
    answer.change({ reply_to: { ...quoted, deleted: true } });
    expect(offered.value).toEqual(NO);
    answer.change({ reply_to: quoted });
    expect(offered.value).toEqual(YES);
    const { reply_to: _, ...without } = answer.message.peek();
    answer.message.value = without;
    expect(offered.value).toEqual(NO);
  });

  it("can when its question is further up than what is loaded", () => {
    const { answer, room, offered } = talk();
    room.rows.value = [answer];
    expect(offered.value).toEqual(YES);
  });

  it("can by who asked, and not by another member", () => {
    const { answer, offered } = talk();
    answer.change({ run: { attempt: 1, asker: jimin, versions: 1 } });
    expect(offered.value).toEqual(NO);
  });
});
