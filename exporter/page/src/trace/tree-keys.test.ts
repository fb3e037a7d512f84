import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../api/types.ts";
import { treeOf, unfolded } from "./tree.ts";
import { actOf } from "./tree-keys.ts";

function row(id: string, parent: string | null): Row {
  return { id, span_id: id, parent_span_id: parent, kind: "span", failed: false } as Row;
}

// a with b (of which c is a part) and d, then e.
const nodes = treeOf([row("a", null), row("b", "a"), row("c", "b"), row("d", "a"), row("e", null)]);

function press(key: string, at: number, folded: string[] = []) {
  const closed = new Set(folded);
  return actOf(key, { nodes, seen: unfolded(nodes, closed), folded: closed, at, page: 3 });
}

test("up and down go through what is seen, and stop at the ends", () => {
  assert.deepEqual(press("ArrowDown", 1), { go: 2 });
  assert.deepEqual(press("ArrowDown", 1, ["b"]), { go: 3 });
  assert.deepEqual(press("ArrowUp", 0), { go: 0 });
  assert.deepEqual(press("ArrowDown", 4), { go: 4 });
});

test("home and end go to the ends, and pages on by as many as fit", () => {
  assert.deepEqual(press("Home", 3), { go: 0 });
  assert.deepEqual(press("End", 0, ["a"]), { go: 4 });
  assert.deepEqual(press("PageDown", 0), { go: 3 });
  assert.deepEqual(press("PageUp", 4), { go: 1 });
});

test("right unfolds, and then goes to the first child", () => {
  assert.deepEqual(press("ArrowRight", 1, ["b"]), { fold: 1 });
  assert.deepEqual(press("ArrowRight", 1), { go: 2 });
});

test("left folds, and then goes to the parent", () => {
  assert.deepEqual(press("ArrowLeft", 1), { fold: 1 });
  assert.deepEqual(press("ArrowLeft", 1, ["b"]), { go: 0 });
  assert.deepEqual(press("ArrowLeft", 2), { go: 1 });
});

test("where there is nothing to unfold or to go to, nothing moves", () => {
  assert.deepEqual(press("ArrowRight", 4), { go: 4 });
  assert.deepEqual(press("ArrowLeft", 4), { go: 4 });
});

test("enter and space choose", () => {
  assert.deepEqual(press("Enter", 3), { choose: 3 });
  assert.deepEqual(press(" ", 3), { choose: 3 });
});

test("other keys are left to the browser", () => {
  assert.equal(press("x", 0), undefined);
});
