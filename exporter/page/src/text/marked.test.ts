import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_PIECES, marked } from "./marked.ts";

function seen(text: string, term?: string): string {
  const brackets = { plain: ["", ""], masked: ["«", "»"], found: ["{", "}"], hidden: ["<", ">"] };
  return marked(text, term)
    .map((piece) => brackets[piece.kind].join(piece.text))
    .join("");
}

test("each form of a masked value is marked", () => {
  assert.equal(
    seen("a=[redacted]&b=[redacted:5bdcc146bf60754e]&c=[redacted…1234]"),
    "a=«[redacted]»&b=«[redacted:5bdcc146bf60754e]»&c=«[redacted…1234]»",
  );
});

test("a bracket that only begins like a masked value is not marked", () => {
  assert.equal(seen("[redacted by <b>hand</b>]"), "[redacted by <b>hand</b>]");
});

test("a term is found without case", () => {
  assert.equal(seen("Oslo and OSLO", "oslo"), "{Oslo} and {OSLO}");
});

test("a term is no pattern", () => {
  assert.equal(seen("a.b a+b [x] a-b/c", "a.b"), "{a.b} a+b [x] a-b/c");
  assert.equal(seen("1 [x](y) \\ $", "[x](y) \\ $"), "1 {[x](y) \\ $}");
  assert.equal(seen("a-b/c", "a-b/c"), "{a-b/c}");
});

test("hidden characters are marked beside what is found", () => {
  assert.equal(seen("\x1b[31mred", "RED"), "<ESC>[31m{red}");
});

test("a text that is full of hidden characters is one mark", () => {
  const pieces = marked("a\0".repeat(MOST_PIECES));
  assert.equal(pieces.length, 1);
  assert.equal(pieces[0]?.kind, "hidden");
  assert.ok(pieces[0]?.text.startsWith("a‹NUL›a‹NUL›"));
});
