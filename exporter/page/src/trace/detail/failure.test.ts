import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "./event.ts";
import { problemsOf } from "./failure.ts";

function event(more: object): Event {
  return { duration_ns: 100, ...more } as Event;
}

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
