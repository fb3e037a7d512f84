import assert from "node:assert/strict";
import { test } from "node:test";
import { pretty } from "./pretty.ts";

test("each value has its line", () => {
  const value = { a: [1, { b: null }], c: "x", d: {}, e: [] };
  assert.equal(pretty(JSON.stringify(value)), JSON.stringify(value, null, 2));
});

test("blanks that are there already make no difference", () => {
  const value = { a: [1, [], {}], b: { c: true } };
  assert.equal(pretty(JSON.stringify(value, null, 7)), JSON.stringify(value, null, 2));
});

test("strings keep their quotes, escapes and brackets", () => {
  const value = { 'a"b': '\\"{[,: ]}\\', "\\": "\\\\" };
  assert.equal(pretty(JSON.stringify(value)), JSON.stringify(value, null, 2));
});

test("numbers keep their digits", () => {
  assert.equal(pretty("[12345678901234567890,1.0e5]"), "[\n  12345678901234567890,\n  1.0e5\n]");
});

test("deep JSON is indented only so far", () => {
  const depth = 10_000;
  const text = pretty(`${"[".repeat(depth)}1${"]".repeat(depth)}`);
  assert.ok(text.length < depth * 2 * 100);
  assert.equal(text.replaceAll(/\s/g, "").length, 2 * depth + 1);
});

test("a huge string is taken as it is", () => {
  const value = ['\\"'.repeat(1_000_000)];
  assert.equal(pretty(JSON.stringify(value)), JSON.stringify(value, null, 2));
});
