import assert from "node:assert/strict";
import { test } from "node:test";
import { assignSlots, extent, lonely, stack, withRest } from "./series.ts";

const part = (key: string, values: number[], other = false) => ({ key, name: key, other, values });

test("colours are given in order", () => {
  assert.deepEqual(
    [...assignSlots(new Map(), ["a", "b"])],
    [
      ["a", 1],
      ["b", 2],
    ],
  );
});

test("what had a colour keeps it when its place changes", () => {
  const before = new Map([
    ["a", 1],
    ["b", 2],
  ]);
  assert.deepEqual(
    [...assignSlots(before, ["b", "a"])],
    [
      ["b", 2],
      ["a", 1],
    ],
  );
});

test("what is new takes the colour of what has gone", () => {
  const before = new Map([
    ["a", 1],
    ["b", 2],
  ]);
  assert.equal(assignSlots(before, ["b", "c"]).get("c"), 1);
});

test("no more have a colour than can be told from each other", () => {
  assert.equal(assignSlots(new Map(), [..."abcdefghij"]).size, 7);
});

test("what has no colour is summed up, with what was the rest before", () => {
  const parts = [part("a", [1, 1]), part("b", [2, 3]), part("rest", [10, 20], true)];
  const [first, rest] = withRest(parts, new Map([["a", 1]]));
  assert.equal(first?.key, "a");
  assert.deepEqual(rest, { key: "other", name: "Other", slot: 0, values: [12, 23] });
});

test("there is no rest where all have a colour", () => {
  assert.equal(withRest([part("a", [1])], new Map([["a", 1]])).length, 1);
});

test("series stand on one another", () => {
  const series = withRest(
    [part("a", [1, 2]), part("b", [10, 0])],
    new Map([
      ["a", 1],
      ["b", 2],
    ]),
  );
  assert.deepEqual(stack(series), [
    [1, 2],
    [11, 2],
  ]);
});

test("the extent leaves out what is not there, and of nothing is null", () => {
  assert.deepEqual(
    extent([
      [null, 3],
      [5, null],
    ]),
    [3, 5],
  );
  assert.equal(extent([[null], []]), null);
});

test("a value is lonely if neither neighbour is there", () => {
  assert.deepEqual(lonely([1, null, 2, 3, null, 4]), [0, 5]);
});

test("series stay in the order of their colours when others become more", () => {
  const slots = new Map([
    ["a", 1],
    ["b", 2],
  ]);
  const series = withRest([part("b", [9]), part("a", [1])], slots);
  assert.deepEqual(
    series.map(({ key }) => key),
    ["a", "b"],
  );
});
