import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../api/types.ts";
import { above, type Node, tells, treeOf, unfolded } from "./tree.ts";

/** An event whose id and span are both `id`, unless `other` says otherwise. */
function row(id: string, parent: string | null = null, other: Partial<Row> = {}): Row {
  return { id, span_id: id, parent_span_id: parent, kind: "span", failed: false, ...other } as Row;
}

/** "1 a, 2 b": level and id of each. */
const drawn = (rows: Row[]) =>
  treeOf(rows)
    .map(({ level, row: { id } }) => `${level} ${id}`)
    .join(", ");

test("each event stands below its parent, in the order in which they came", () => {
  assert.equal(drawn([row("a"), row("b", "a"), row("c", "a"), row("d", "b")]), "1 a, 2 b, 3 d, 2 c");
});

test("a parent may come after its children", () => {
  assert.equal(drawn([row("b", "a"), row("a")]), "1 a, 2 b");
});

test("there may be several roots", () => {
  assert.equal(drawn([row("a"), row("b"), row("c", "a")]), "1 a, 2 c, 1 b");
});

test("one whose parent is not here is a root, and says so", () => {
  const [node] = treeOf([row("b", "gone")]);
  assert.deepEqual([node?.level, node?.note], [1, "Its parent, gone, is not here"]);
});

test("a request that came in is no orphan: its parent is in the service that sent it", () => {
  assert.equal(treeOf([row("a", "upstream", { top: true })])[0]?.note, null);
});

test("a score is at what it judges, or else at the first root", () => {
  const scores = [row("s", "b", { kind: "score" }), row("t", "gone", { kind: "score" })];
  const nodes = treeOf([...scores, row("a"), row("b", "a")]);
  assert.deepEqual(
    nodes.map((node) => node.scores.map(({ id }) => id)),
    [["t"], ["s"]],
  );
});

test("scores are told by the node that they are at", () => {
  const [node] = treeOf([row("a"), row("s", "a", { kind: "score" })]) as [Node];
  assert.deepEqual([tells(node, "a"), tells(node, "s"), tells(node, "x")], [true, true, false]);
});

test("scores without what they judge are roots", () => {
  assert.equal(drawn([row("s", "gone", { kind: "score" })]), "1 s");
});

test("of events that claim to be the same span the first has the children, and none is lost", () => {
  assert.equal(drawn([row("a"), row("x", null, { span_id: "a" }), row("b", "a")]), "1 a, 2 b, 1 x");
});

test("an event that is its own parent is a root, and says so", () => {
  const [node] = treeOf([row("a", "a")]);
  assert.deepEqual([node?.level, node?.note], [1, "It is said to be below itself"]);
});

test("a circle is cut where it is come to, with all that hangs at it", () => {
  assert.equal(drawn([row("d", "b"), row("a", "b"), row("b", "a"), row("r")]), "1 b, 2 d, 2 a, 1 r");
});

test("of two events that claim to be the same span and to be below it one is below the other", () => {
  assert.equal(drawn([row("a", "a"), row("x", "a", { span_id: "a" })]), "1 a, 2 x");
});

test("a chain of many is no deeper than the stack allows", () => {
  const chain = Array.from({ length: 20_000 }, (_, index) =>
    row(`${index}`, index > 0 ? `${index - 1}` : null),
  );
  assert.equal(treeOf(chain).at(-1)?.level, 20_000);
});

test("many children of one parent are all there", () => {
  const wide = Array.from({ length: 200_000 }, (_, index) => row(`${index}`, index > 0 ? "0" : null));
  assert.equal(treeOf(wide)[0]?.size, 200_000);
});

test("each knows its place among those of the same parent", () => {
  const places = treeOf([row("a"), row("b", "a"), row("c", "b"), row("d", "a")]);
  assert.deepEqual(
    places.map(({ position, siblings }) => `${position}/${siblings}`),
    ["1/1", "1/2", "1/1", "2/2"],
  );
});

test("each knows how many below it failed", () => {
  const nodes = treeOf([row("a", null, { failed: true }), row("b", "a"), row("c", "b", { failed: true })]);
  assert.deepEqual(
    nodes.map(({ failedBelow }) => failedBelow),
    [1, 1, 0],
  );
});

const family = treeOf([row("a"), row("b", "a"), row("c", "b"), row("d", "a"), row("e")]);

test("what is below a folded one is not seen", () => {
  assert.deepEqual(unfolded(family, new Set(["b"])), [0, 1, 3, 4]);
  assert.deepEqual(unfolded(family, new Set(["a", "b"])), [0, 4]);
});

test("what is above one is known", () => {
  assert.deepEqual(above(family, 2), [1, 0]);
});
