import assert from "node:assert/strict";
import { test } from "node:test";
import { phasesOf, usageOf } from "./amounts.ts";
import type { Event, Llm } from "./event.ts";

function event(more: object): Event {
  return { duration_ns: 100, ...more } as Event;
}

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
