import assert from "node:assert/strict";
import { test } from "node:test";
import { beginning, cutAt } from "./cut.ts";

test("a text that is short enough is not cut", () => {
  assert.equal(cutAt("abc", 0, 3), 3);
  assert.equal(beginning("abc", 3), "abc");
});

test("a long line is cut where the part is full", () => {
  assert.equal(cutAt("a".repeat(100), 10, 20), 30);
});

test("a cut is after a line that ends near it", () => {
  assert.equal(cutAt(`${"a".repeat(90)}\n${"b".repeat(90)}`, 0, 100), 91);
});

test("a line that ended long before is not waited for", () => {
  assert.equal(cutAt(`a\n${"b".repeat(9_000)}`, 0, 5_000), 5_000);
});

test("no pair of surrogates is torn apart", () => {
  assert.equal(cutAt("a😀😀", 0, 2), 1);
  assert.equal(beginning("a😀😀", 2), "a…");
  assert.equal(beginning("a😀😀", 3), "a😀…");
});
