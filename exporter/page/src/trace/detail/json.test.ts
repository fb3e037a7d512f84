import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExactNumber, isCutMark, jsonOrNothing, membersOf, parseJson, sizeOf, summary } from "./json.ts";

const DEPTH = 10_000;
const DEEP = "[".repeat(DEPTH) + "]".repeat(DEPTH);

test("a number of many digits stays as it was written", () => {
  const { id } = parseJson('{"id": 12345678901234567890}') as { id: ExactNumber };
  assert.equal(id.source, "12345678901234567890");
  assert.equal(summary({ id }), '{"id": 12345678901234567890}');
});

test("a number that fits is a number", () => {
  assert.deepEqual(parseJson("[1234567890123456, 0.1]"), [1234567890123456, 0.1]);
});

test("deep JSON is read", () => {
  assert.equal(sizeOf(parseJson(DEEP)), 1);
});

test("deep JSON with long numbers is read", () => {
  assert.equal(sizeOf(parseJson(DEEP.replace("[]", "[12345678901234567890]"))), 1);
});

test("what is no JSON is nothing", () => {
  assert.equal(jsonOrNothing('{"a": '), undefined);
});

test("only as many members are taken as are shown", () => {
  const many = Array.from({ length: 100_000 }, (_, at) => at);
  assert.equal(membersOf(many, 100).length, 100);
  assert.equal(membersOf(Object.fromEntries(many.map((at) => [`k${at}`, at])), 100).length, 100);
});

test("a member may be named like what every object has", () => {
  assert.deepEqual(membersOf(JSON.parse('{"__proto__": 1}'), 10), [{ key: "__proto__", value: 1 }]);
});

test("a summary is one short line", () => {
  assert.equal(summary({ id: 1, tags: ["a"], none: {} }), '{"id": 1, "tags": ["a"], "none": {}}');
});

test("a summary of what is long, wide or deep is short", () => {
  const huge = { long: "x".repeat(5_000_000), wide: Array(100_000).fill(0), deep: JSON.parse(DEEP) };
  assert.ok(summary(huge).length < 300);
  assert.ok(summary([huge, huge]).length < 300);
  assert.equal(summary(JSON.parse(DEEP)), "[[[[[…]]]]]");
});

const MARKS: [member: { key: string | null; value: unknown }, isMark: boolean][] = [
  [{ key: "…", value: "38 bytes left out" }, true],
  [{ key: "input", value: "A sentence t… (+11 characters)" }, true],
  [{ key: null, value: "… 2 more items" }, true],
  [{ key: "options", value: "{… 1 member}" }, true],
  [{ key: "note", value: "and so on …" }, false],
];

for (const [member, isMark] of MARKS) {
  test(`${JSON.stringify(member.value)} is ${isMark ? "a" : "no"} mark of a cut`, () => {
    assert.equal(isCutMark(member), isMark);
  });
}
