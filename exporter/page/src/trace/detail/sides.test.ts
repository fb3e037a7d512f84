import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "./event.ts";
import { chosenSide, conversationOf, sidesOf } from "./sides.ts";

const MESSAGE = { headers: [], chunks: 0, body: { size: 0, kept: 0, head: "", tail: "", encoding: "utf-8" } };
const SAID = [{ role: "user", content: "hi" }];

function event(more: object): Event {
  return { kind: "exchange", duration_ns: 100, ...more } as Event;
}

function sides(given: Event) {
  return sidesOf(given, conversationOf(given));
}

test("an exchange with a model begins with what was said", () => {
  const given = event({ request: MESSAGE, llm: { input: SAID, output: null } });
  assert.deepEqual(sides(given), ["conversation", "http", "timing", "metadata", "raw"]);
});

test("an exchange without one begins with request and response", () => {
  assert.deepEqual(sides(event({ request: MESSAGE, llm: null })), ["http", "timing", "metadata", "raw"]);
});

test("the messages of a generation are its input", () => {
  const input = { size: 1, kept: 1, head: JSON.stringify(SAID), tail: "", encoding: "utf-8", json: true };
  const given = event({ kind: "generation", input, llm: { input: null, output: null } });
  assert.equal(conversationOf(given)?.input.length, 1);
  assert.deepEqual(sides(given), ["conversation", "io", "timing", "metadata", "raw"]);
});

test("a score has what is known of it, and no time", () => {
  assert.deepEqual(sides(event({ kind: "score" })), ["metadata", "raw"]);
});

test("the address chooses among the sides that are there", () => {
  assert.equal(chosenSide(["http", "raw"], "raw"), "raw");
  assert.equal(chosenSide(["http", "raw"], "conversation"), "http");
  assert.equal(chosenSide(["http", "raw"], undefined), "http");
});

test("what has not the form of messages is there all the same", () => {
  const given = event({ llm: { input: [{ text: "hi" }], output: null } });
  assert.deepEqual(conversationOf(given)?.others, [{ name: "Input", value: [{ text: "hi" }] }]);
});
