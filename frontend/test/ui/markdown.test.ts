import { describe, expect, it } from "vitest";
import { GrowingText, withCursor } from "../../src/ui/text/blocks";
import { addressIn } from "../../src/ui/text/links";
import { renderMarkdown, type Rendering } from "../../src/ui/text/markdown";

const rendering: Rendering = { words: { copy: "Copy" } };
const html = (body: string, more: Partial<Rendering> = {}) => renderMarkdown(body, { ...rendering, ...more }).trim();
const links = (body: string) => [...html(body).matchAll(/href="([^"]*)"/g)].map((match) => match[1]);

describe("emphasis beside Hangul", () => {
  it("makes **용어(term)**를 bold", () => {
    expect(html("**용어(term)**를")).toBe("<p><strong>용어(term)</strong>를</p>");
  });

  it("leaves 네~~응~~ plain, and strikes what was meant", () => {
    expect(html("네~~응~~")).toBe("<p>네~~응~~</p>");
    expect(html("그래요~~ 네~~")).not.toContain("<s>");
    expect(html("~~아니요~~ 네")).toBe("<p><s>아니요</s> 네</p>");
    expect(html("가격(~~9,900원~~)")).toBe("<p>가격(<s>9,900원</s>)</p>");
  });

  it("reads __ as letters, and still knows _ and *", () => {
    expect(html("__init__")).toBe("<p>__init__</p>");
    expect(html("_a_ *b* **c**")).toBe("<p><em>a</em> <em>b</em> <strong>c</strong></p>");
  });
});

describe("an address in a sentence", () => {
  it("ends at Hangul after ASCII", () => {
    expect(links("https://example.com에서 보세요")).toEqual(["https://example.com"]);
    expect(html("https://example.com에서")).toContain("</a>에서");
  });

  it("drops a Korean particle from a path in ASCII", () => {
    expect(links("https://example.com/docs를 읽고")).toEqual(["https://example.com/docs"]);
    expect(links("https://example.com/a/b?x=1#y에서는")).toEqual(["https://example.com/a/b?x=1#y"]);
  });

  it("keeps Hangul that belongs to it", () => {
    expect(addressIn("//ko.wikipedia.org/wiki/서울")).toBe("//ko.wikipedia.org/wiki/서울");
    expect(addressIn("//한국.com/x")).toBe("//한국.com/x");
    expect(addressIn("//example.한국")).toBe("//example.한국");
    expect(addressIn("//example.com/C언어")).toBe("//example.com/C언어");
  });

  it("is not made from a bare domain or mail address", () => {
    expect(links("example.com에서, www.example.com, me@example.com")).toEqual([]);
  });
});

describe("a link with words", () => {
  it("shows its host", () => {
    expect(html("[회의록](https://wiki.example.com/a)")).toContain('회의록 <span class="host">(wiki.example.com)</span></a>');
  });

  it("cannot pose as another address", () => {
    expect(html("[https://bank.example](https://evil.example)")).toContain("(evil.example)");
    expect(html("[https://bank.example](https://bank.example)")).not.toContain('class="host"');
  });

  it("never leads the page away from the web", () => {
    for (const target of ["javascript:alert(1)", "&#106;avascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc", "/r/x"]) {
      expect(html(`[x](${target})`), target).not.toContain("<a");
      expect(html(`<${target}>`), target).not.toContain("<a");
    }
  });
});

describe("untrusted text", () => {
  it("has no HTML of its own", () => {
    expect(html("<img src=x onerror=alert(1)><svg/onload=x>")).toBe("<p>&lt;img src=x onerror=alert(1)&gt;&lt;svg/onload=x&gt;</p>");
  });

  it("shows an image as a link, so that no request leaves the browser", () => {
    const image = html("![고양이](https://evil.example/pixel.png)");
    expect(image).not.toContain("<img");
    expect(image).toContain('href="https://evil.example/pixel.png"');
    expect(image).toContain("고양이");
    expect(html("[![a](https://x.example/i.png)](https://y.example)").match(/<a /g)).toHaveLength(1);
  });

  it("escapes what stands in code and attributes", () => {
    expect(html("```\"><script>\nx\n```")).not.toContain("<script>");
    expect(html('[x](https://a.example/"onmouseover=alert(1))')).not.toMatch(/"onmouseover/);
  });

  it("carries neither style nor id", () => {
    const table = html("| a | b |\n|:--|--:|\n| 1 | 2 |\n\n# 제목");
    expect(table).not.toMatch(/ (style|id)=/);
    expect(table).toContain('<td class="to-right">2</td>');
    expect(table).toContain("<h4>제목</h4>");
  });
});

describe("lines and code", () => {
  it("breaks where the writer broke", () => {
    expect(html("하나\n둘")).toBe("<p>하나<br>\n둘</p>");
  });

  it("knows fences, not indents nor underlines of headings", () => {
    expect(html("    indented")).toBe("<p>indented</p>");
    expect(html("a\n---")).not.toMatch(/<h\d/);
    expect(html("```sh\nmake test\n```")).toContain("data-copy-code>Copy</button>");
  });
});

describe("a mention", () => {
  const mentions = [{ text: "@데모", userId: "d" }];

  it("is marked where the message has it, and with whose it is", () => {
    expect(html("@데모야 정리해 줘", { mentions })).toBe('<p><span class="mention">@데모</span>야 정리해 줘</p>');
    expect(html("@데모야", { mentions, me: "d" })).toContain('class="mention mine"');
  });

  it("is not marked in code", () => {
    expect(html("`@데모`", { mentions })).not.toContain("mention");
  });
});

describe("an answer that grows", () => {
  const answer = [
    "**배포 조건(세 줄)**은 다음과 같습니다.",
    "",
    "1. 시험이 모두 통과할 것",
    "2. 되돌리기 절차를 해 볼 것",
    "",
    "```sh",
    "make test",
    "",
    "make run",
    "```",
    "",
    "| a | b |",
    "|---|---|",
    "| 1 | 2 |",
    "",
    "남은 것은 두 번째 조건입니다.",
  ].join("\n");

  it("never changes a finished block, and ends as the whole", () => {
    const growing = new GrowingText(rendering);
    let before: string[] = [];
    for (let length = 0; length <= answer.length; length++) {
      const now = growing.blocks(answer.slice(0, length));
      before.slice(0, -1).forEach((block, index) => expect(now[index], `at ${length}`).toBe(block));
      before = now;
    }
    expect(before.join("\n")).toBe(renderMarkdown(answer, rendering).trimEnd());
    expect(growing.whole(answer)).toEqual(before);
  });

  it("shows an open fence as code", () => {
    const growing = new GrowingText(rendering);
    expect(growing.blocks("text\n\n```py\nprint(")[1]).toContain("<code>print(");
  });

  it("begins anew when the text is another", () => {
    const growing = new GrowingText(rendering);
    growing.blocks("one\n\ntwo\n\nthree");
    expect(growing.blocks("other")).toEqual(["<p>other</p>"]);
  });

  it("has its cursor behind the last letter, whatever is open", () => {
    expect(withCursor("<p>남은</p>\n")).toBe('<p>남은<span class="cursor"></span></p>\n');
    expect(withCursor("<ul>\n<li>a</li>\n</ul>\n")).toBe('<ul>\n<li>a<span class="cursor"></span></li>\n</ul>\n');
  });
});
