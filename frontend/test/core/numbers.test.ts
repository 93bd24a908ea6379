import { describe, expect, test } from "vitest";
import { ClientView } from "../../src/core/numbers";

function joined(seq: number): ClientView<string> {
  const view = new ClientView<string>();
  view.join();
  view.joined("e", seq);
  return view;
}

describe("a client at 5", () => {
  test("drops what it has", () => {
    const view = joined(5);
    expect(view.received(5, 4, "again")).toEqual([]);
    expect([view.position, view.call]).toEqual([5, null]);
  });

  test("applies what continues it, also over numbers that were merged", () => {
    const view = joined(5);
    expect(view.received(6, 5, "six")).toEqual(["six"]);
    expect(view.received(9, 6, "nine")).toEqual(["nine"]);
    expect(view.received(12, 3, "twelve")).toEqual(["twelve"]);
    expect([view.position, view.call]).toEqual([12, null]);
  });

  test("asks when there is a hole, holds what comes meanwhile, and applies it behind the answer", () => {
    const view = joined(5);
    expect(view.received(8, 7, "eight")).toEqual([]);
    expect(view.call).toEqual({ name: "sync", since: 5, epoch: "e" });
    expect(view.received(9, 8, "nine")).toEqual([]);
    expect(view.synced(8)).toEqual(["nine"]);
    expect([view.position, view.call]).toEqual([9, null]);
  });

  test("asks again when the answer still leaves a hole", () => {
    const view = joined(5);
    view.received(8, 7, "eight");
    expect(view.synced(6)).toEqual([]);
    expect(view.call).toEqual({ name: "sync", since: 6, epoch: "e" });
    expect(view.synced(7)).toEqual(["eight"]);
  });

  test("never moves back by an answer that was overtaken", () => {
    const view = joined(5);
    view.needSync();
    view.synced(3);
    expect(view.position).toBe(5);
  });

  test("joins afresh when it is too far behind", () => {
    const view = joined(5);
    view.received(900, 899, "far");
    expect(view.synced(900, true)).toEqual([]);
    expect(view.call).toEqual({ name: "join", since: null, epoch: null });
    expect(view.joined("other", 2)).toEqual([]);
    expect([view.epoch, view.position]).toEqual(["other", 2]);
  });

  test("comes back with its number after an outage, and forgets what it held", () => {
    const view = joined(5);
    view.received(8, 7, "eight");
    view.lost();
    expect(view.received(9, 5, "deaf")).toEqual([]);
    expect(view.join()).toEqual({ name: "join", since: 5, epoch: "e" });
    expect(view.joined("e", 9)).toEqual([]);
    expect(view.received(10, 9, "ten")).toEqual(["ten"]);
  });

  test("asks once more when more came than it can hold", () => {
    const view = new ClientView<string>(2);
    view.join();
    view.received(1, 0, "one");
    view.received(2, 1, "two");
    view.received(3, 2, "three");
    expect(view.joined("e", 0)).toEqual(["one", "two"]);
    expect(view.call).toEqual({ name: "sync", since: 2, epoch: "e" });
  });
});
