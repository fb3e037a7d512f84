import assert from "node:assert/strict";
import { test } from "node:test";
import { visible } from "./visible.ts";

/** A text as a reader sees it, with marks in brackets. */
function seen(text: string): string {
  return visible(text)
    .map((piece) => (piece.kind === "hidden" ? `<${piece.text}>` : piece.text))
    .join("");
}

test("plain text, lines and tabs stay as they are", () => {
  const text = "GET /a?b=c\n\tfn main() {}\r\nÆ 漢字 <script>alert(1)</script>";
  assert.deepEqual(visible(text), [{ kind: "plain", text }]);
});

test("an empty text has no parts", () => {
  assert.deepEqual(visible(""), []);
});

const MARKED: [what: string, text: string, seen: string][] = [
  ["a null character", "a\0b", "a<NUL>b"],
  ["an ANSI escape", "\x1b[31mred", "<ESC>[31mred"],
  ["a carriage return that ends no line", "safe\revil", "safe<CR>evil"],
  ["DEL", "a\x7f", "a<DEL>"],
  ["a C1 control", "a\x9bb", "a<U+009B>b"],
  ["a right-to-left override", "photo\u202egpj.exe", "photo<U+202E>gpj.exe"],
  ["each embedding and override", "\u202a\u202b\u202c\u202d", "<U+202A U+202B U+202C U+202D>"],
  ["each isolate", "\u2066a\u2067b\u2068c\u2069", "<U+2066>a<U+2067>b<U+2068>c<U+2069>"],
  ["marks of direction", "a\u200eb\u200fc\u061cd", "a<U+200E>b<U+200F>c<U+061C>d"],
  ["a zero width space", "pay\u200bpal", "pay<U+200B>pal"],
  ["joiners between letters that never join", "pay\u200cpal\u200d.com", "pay<U+200C>pal<U+200D>.com"],
  ["a byte order mark", "\ufeff{}", "<U+FEFF>{}"],
  ["a soft hyphen", "a\u00adb", "a<U+00AD>b"],
  ["a Hangul filler", "a\u3164b", "a<U+3164>b"],
  ["tags that hide words", "hi\u{E0069}\u{E0067}", "hi<U+E0069 U+E0067>"],
  ["tags after a flag that say something else", "\u{1F3F4}\u{E0068}\u{E007F}", "\u{1F3F4}<U+E0068 U+E007F>"],
  [
    "variation selectors that carry data",
    "\u{1F600}\uFE0F\uFE00\u{E0100}",
    "\u{1F600}\uFE0F<U+FE00 U+E0100>",
  ],
  ["line and paragraph separators", "a\u2028b\u2029", "a<U+2028>b<U+2029>"],
  ["annotations", "a\ufff9b", "a<U+FFF9>b"],
  ["what stands for broken UTF-8", "a\ufffdb", "a<U+FFFD>b"],
  ["lone surrogates", "a\ud800b\udc00", "a<U+D800>b<U+DC00>"],
];
for (const [what, text, expected] of MARKED) {
  test(`${what} is marked`, () => {
    assert.equal(seen(text), expected);
  });
}

const KEPT: [what: string, text: string][] = [
  ["Arabic", "مرحبا بالعالم"],
  ["Hebrew with points", "שָׁלוֹם עוֹלָם"],
  ["Persian with its non-joiner", "می\u200cخواهم"],
  ["Hindi with its joiner", "क्\u200dष"],
  ["a family", "👨\u200d👩\u200d👧"],
  ["an emoji with a colour of skin", "👩🏽\u200d💻"],
  ["a rainbow flag", "🏳\uFE0F\u200d🌈"],
  ["a heart", "❤\uFE0F"],
  ["a keycap", "1\uFE0F\u20E3"],
  ["the flag of Scotland", "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}"],
  ["a pair of surrogates", "𝒳"],
];
for (const [what, text] of KEPT) {
  test(`${what} stays as it is`, () => {
    assert.equal(seen(text), text);
  });
}

test("a mark says what its character does", () => {
  const [piece] = visible("\u202e");
  assert.deepEqual(piece, {
    kind: "hidden",
    text: "U+202E",
    title: "U+202E: right-to-left override: reverses what follows",
  });
});

test("the title of a long run stays short", () => {
  const [piece] = visible("\0".repeat(100_000));
  assert.ok(piece?.kind === "hidden" && piece.title.length < 500);
});
