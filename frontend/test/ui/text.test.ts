import { describe, expect, it } from "vitest";
import { hueOf, initials } from "../../src/ui/people/face";
import { beginsWith } from "../../src/ui/text/hangul";
import { findMentions, matchPeople, mentionQuery } from "../../src/ui/text/mentions";

const people = [
  { id: "d", name: "데모" },
  { id: "dt", name: "데모 팀장" },
  { id: "mk", name: "Mina Kwon" },
  { id: "m", name: "Min" },
  { id: "a", name: "assistant" },
];
const names = (typed: string) => matchPeople(people, typed).map((person) => person.name);
const mentioned = (body: string) => findMentions(body, people).map((mention) => mention.user_id);

describe("a face", () => {
  it("shows a Hangul name's last two syllables", () => {
    expect(initials("김지민")).toBe("지민");
    expect(initials("데모")).toBe("데모");
    expect(initials("김지민".normalize("NFD"))).toBe("지민");
  });

  it("shows the initials of the first and the last word of another name", () => {
    expect(initials("Mina Kwon")).toBe("MK");
    expect(initials("mina van der kwon")).toBe("MK");
    expect(initials("assistant")).toBe("A");
    expect(initials("🦊 Fox")).toBe("🦊F");
    expect(initials("  ")).toBe("?");
  });

  it("keeps one of twelve colours for an id", () => {
    // FNV-1a("a") = 0xe40c292c, by the reference vectors.
    expect(hueOf("a")).toBe(0xe40c292c % 12);
    expect(hueOf("김지민")).toBeLessThan(12);
  });
});

describe("a name that is being typed", () => {
  it("is met at every key of a Hangul syllable", () => {
    for (const typed of ["ㄷ", "데", "뎀", "데모"]) expect(beginsWith("데모", typed), typed).toBe(true);
    expect(beginsWith("데모", "데미")).toBe(false);
  });

  it("is met by its initials alone", () => {
    expect(names("ㄷㅁ")).toEqual(["데모", "데모 팀장"]);
    expect(names("ㅁ")).toEqual([]);
  });

  it("is met without regard to case, and by a later word", () => {
    expect(names("mina")).toEqual(["Mina Kwon"]);
    expect(names("kw")).toEqual(["Mina Kwon"]);
    expect(names("팀")).toEqual(["데모 팀장"]);
  });
});

describe("the list of people", () => {
  const query = (text: string) => mentionQuery(text, text.length)?.typed ?? null;

  it("opens after the start, space, punctuation and Hangul", () => {
    expect(query("@데")).toBe("데");
    expect(query("안녕 @데")).toBe("데");
    expect(query("(@데")).toBe("데");
    expect(query("안녕@데")).toBe("데");
    expect(query("😀@데")).toBe("데");
    expect(query("@")).toBe("");
  });

  it("does not open inside a mail address, nor stay open after the name", () => {
    expect(query("a@b.io")).toBe(null);
    expect(query("@데모 조건 정리")).toBe(null);
    expect(query("@ 데")).toBe(null);
    expect(query("@데\n모")).toBe(null);
  });

  it("stays open over the space of a name", () => {
    expect(query("@Mina K")).toBe("Mina K");
  });

  it("looks at the caret, not at the end", () => {
    expect(mentionQuery("@데 하나", 2)).toEqual({ start: 0, typed: "데" });
    expect(mentionQuery("@데 하나", 0)).toBe(null);
  });
});

describe("a finished text", () => {
  it("mentions with Hangul following", () => {
    expect(mentioned("@데모야 조건만 정리해 줘")).toEqual(["d"]);
  });

  it("gives the longest name the mention", () => {
    expect(mentioned("@데모 팀장님 확인 부탁해요")).toEqual(["dt"]);
    expect(mentioned("@Mina Kwon, @Min and @assistant")).toEqual(["mk", "m", "a"]);
  });

  it("does not find a name in a longer Latin word, nor in an address", () => {
    expect(mentioned("@Minas")).toEqual([]);
    expect(mentioned("me@assistant.io")).toEqual([]);
  });

  it("counts code points", () => {
    expect(findMentions("😀 @데모", people)).toEqual([{ user_id: "d", start: 2, length: 3 }]);
  });
});
