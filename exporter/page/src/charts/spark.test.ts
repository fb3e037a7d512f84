import assert from "node:assert/strict";
import { test } from "node:test";
import { sparkPoints } from "./spark.ts";

test("one value is no line", () => {
  assert.equal(sparkPoints([5]), "");
});

test("a line goes from the left to the right, the most is at the top and 0 at the bottom", () => {
  assert.equal(sparkPoints([0, 10, 5]), "0.0,23.0 50.0,1.0 100.0,12.0");
});

test("nothing but zeros lies at the bottom", () => {
  assert.equal(sparkPoints([0, 0]), "0.0,23.0 100.0,23.0");
});
