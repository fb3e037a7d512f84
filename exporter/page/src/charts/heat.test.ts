import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt, distribution, type Grid, grid, shade } from "./heat.ts";

const BOUNDS = [100, 200, 400, 800, 1600];

function made(counts: number[][]): Grid {
  const made = grid({ bounds_ns: BOUNDS, counts });
  assert.ok(made);
  return made;
}

test("a map of nothing is none", () => {
  assert.equal(grid({ bounds_ns: BOUNDS, counts: [[0, 0, 0, 0, 0]] }), null);
});

test("rows far from all that happened are left out", () => {
  const { edges, columns } = made([[0, 0, 0, 3, 0]]);
  assert.deepEqual(edges, [200, 400, 800, 1600]);
  assert.deepEqual(columns, [[0, 3, 0]]);
});

test("the lowest row is as high as the others", () => {
  assert.equal(made([[1, 0, 0, 0, 0]]).edges[0], 50);
});

test("a duration falls into the row whose lower bound it reaches", () => {
  const map = made([[0, 0, 5, 0, 0]]);
  assert.deepEqual(cellAt(map, 0, 200), { low: 200, high: 400, count: 5 });
  assert.deepEqual(cellAt(map, 0, 400), { low: 400, high: 800, count: 0 });
});

test("there is no field outside of the rows", () => {
  const map = made([[0, 0, 5, 0, 0]]);
  assert.equal(cellAt(map, 0, 99), null);
  assert.equal(cellAt(map, 0, 800), null);
});

test("nothing has no shade, one the first, and the most the last", () => {
  const { thresholds } = made([[0, 1, 30, 1000, 0]]);
  assert.equal(shade(0, thresholds), 0);
  assert.equal(shade(1, thresholds), 1);
  assert.equal(shade(1000, thresholds), 6);
});

test("there are no more shades than counts", () => {
  assert.deepEqual(made([[0, 1, 2, 0, 0]]).thresholds, [1, 2]);
});

test("thresholds grow", () => {
  for (const most of [1, 2, 3, 5, 8, 50, 1e6]) {
    const { thresholds } = made([[0, most, 0, 0, 0]]);
    assert.ok(
      thresholds.every((step, at) => at === 0 || step > (thresholds[at - 1] ?? 0)),
      String(most),
    );
    assert.ok((thresholds.at(-1) ?? 0) <= most);
  }
});

test("the distribution has the slowest first", () => {
  const map = made([
    [0, 1, 2, 0, 0],
    [0, 1, 0, 0, 0],
  ]);
  assert.deepEqual(distribution(map), [
    { low: 200, high: 400, count: 2 },
    { low: 100, high: 200, count: 2 },
  ]);
});
