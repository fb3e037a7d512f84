import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../api/types.ts";
import { idsAbove, linesOf, treeOf } from "./tree.ts";

function row(id: string, parent: string | null, more: Partial<Row> = {}): Row {
  return { id, span_id: id, parent_span_id: parent, kind: "span", top: false, ...more } as Row;
}

/** "a(b c)": the tree as words. */
function drawn(rows: Row[], closed: string[] = []): string {
  return linesOf(treeOf(rows), new Set(closed))
    .map(({ node, level }) => "-".repeat(level - 1) + node.row.id)
    .join(" ");
}

test("each is below its parent, in the order in which they began", () => {
  assert.equal(drawn([row("a", null), row("b", "a"), row("c", "b"), row("d", "a")]), "a -b --c -d");
});

test("a child that began before its parent is below it all the same", () => {
  assert.equal(drawn([row("b", "a"), row("a", null)]), "a -b");
});

test("what is closed hides what is below it", () => {
  assert.equal(drawn([row("a", null), row("b", "a"), row("c", "b"), row("d", "a")], ["b"]), "a -b -d");
});

test("one whose parent is not here is a root, and said to be an orphan", () => {
  const roots = treeOf([row("a", null), row("b", "elsewhere"), row("c", "upstream", { top: true })]);
  assert.deepEqual(
    roots.map(({ row, isOrphan }) => [row.id, isOrphan]),
    [
      ["a", false],
      ["b", true],
      ["c", false],
    ],
  );
});

test("spans in a circle, of the same id, or their own parents are in the tree once", () => {
  const rows = [
    row("a", "b"),
    row("b", "a"),
    row("c", "c"),
    row("d", "b"),
    { ...row("a", null), id: "again" },
  ];
  const ids = linesOf(treeOf(rows), new Set()).map(({ node }) => node.row.id);
  assert.deepEqual([...ids].sort(), ["a", "again", "b", "c", "d"]);
});

test("a score is at what it judges, or else at the first root", () => {
  const scores = [row("s", "b", { kind: "score" }), row("t", "gone", { kind: "score" })];
  const [a] = treeOf([row("a", null), row("b", "a"), ...scores]);
  assert.deepEqual(
    a?.scores.map(({ id }) => id),
    ["t"],
  );
  assert.deepEqual(
    a?.children[0]?.scores.map(({ id }) => id),
    ["s"],
  );
});

test("siblings are counted for those who do not see them", () => {
  const lines = linesOf(treeOf([row("a", null), row("b", "a"), row("c", "a")]), new Set());
  assert.deepEqual(
    lines.map(({ level, position, setSize }) => [level, position, setSize]),
    [
      [1, 1, 1],
      [2, 1, 2],
      [2, 2, 2],
    ],
  );
});

test("a chain of 100,000 spans does not overflow the stack", () => {
  const chain = Array.from({ length: 100_000 }, (_, index) =>
    row(`${index}`, index === 0 ? null : `${index - 1}`),
  );
  assert.equal(linesOf(treeOf(chain), new Set()).length, 100_000);
});

test("what is above one is known", () => {
  const roots = treeOf([row("a", null), row("b", "a"), row("c", "b")]);
  assert.deepEqual(idsAbove(roots, "c"), ["a", "b"]);
});
