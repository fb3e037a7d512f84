import assert from "node:assert/strict";
import { test } from "node:test";
import { plainName } from "./names.ts";

test("a name is as it is", () => {
  assert.equal(plainName("/v1/chat"), "/v1/chat");
});

test("a character that would turn a name round is told by its number", () => {
  assert.equal(plainName("a\u202eb"), "a[U+202E]b");
});

test("a long name is its beginning", () => {
  assert.equal(plainName("x".repeat(1000)), `${"x".repeat(100)}…`);
});
