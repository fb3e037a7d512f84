import assert from "node:assert/strict";
import { test } from "node:test";
import { phasesOf, usageOf } from "./amounts.ts";
import type { Event, Llm } from "./event.ts";
import { problemsOf } from "./failure.ts";
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

const PROBLEMS: [what: string, event: object, title: string, text: string | null][] = [
  ["the app's error", { error: { type: "LookupError", message: "no" } }, "LookupError", "no"],
  [
    "a client that left",
    { outcome: "client_disconnected" },
    "The client left before it had the whole answer",
    "client_disconnected",
  ],
  ["the provider's error", { llm: { error_kind: "rate_limit" } }, "The provider's error", "rate_limit"],
  ["the words of a span's status", { level: "ERROR", status_message: "broken" }, "Error", "broken"],
  ["an error without words", { level: "ERROR" }, "Error", null],
  [
    "a span that was let go of",
    { ending: "abandoned" },
    "The app let go of it without ending it",
    "abandoned",
  ],
  ["a status", { status: 429 }, "Answered with status", "429"],
];

for (const [what, given, title, text] of PROBLEMS) {
  test(`${what} tells why`, () => {
    assert.deepEqual(problemsOf(event(given)), [{ title, text }]);
  });
}

test("what went well has no problems", () => {
  assert.deepEqual(
    problemsOf(event({ outcome: "completed", status: 200, level: "DEFAULT", ending: "ended" })),
    [],
  );
});

test("times stand in their order, by their share of the whole", () => {
  const given = event({ first_byte_ns: 10, llm: { first_token_ns: 50 } });
  assert.deepEqual(
    phasesOf(given).map(({ name, share }) => [name, share]),
    [
      ["First byte", 0.1],
      ["First token", 0.5],
      ["Total", 1],
    ],
  );
});

test("tokens and cost of a kind stand side by side", () => {
  const usage = { output: 5, input: 3, input_cached_tokens: 2, total: 10 };
  const llm = { usage, cost: { input: 0.1, total: 0.1 }, cost_usd: 0.1 } as unknown as Llm;
  assert.deepEqual(usageOf(llm), {
    kinds: [
      { kind: "input", tokens: 3, usd: 0.1 },
      { kind: "input_cached_tokens", tokens: 2, usd: null },
      { kind: "output", tokens: 5, usd: null },
    ],
    total: { tokens: 10, usd: 0.1 },
  });
});
