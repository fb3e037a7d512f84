import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../api/types.ts";
import { totalsOf } from "./totals.ts";

test("what two events tell of the same usage is counted once", () => {
  const usage = { input_tokens: 10, output_tokens: 2, cost_usd: 0.5, first_token_ns: 7, failed: false };
  const rows = [
    { ...usage, usage_counts: false, first_token_ns: 9 },
    { ...usage, usage_counts: true },
    {
      usage_counts: false,
      input_tokens: null,
      output_tokens: null,
      cost_usd: null,
      first_token_ns: null,
      failed: true,
    },
  ] as Row[];
  assert.deepEqual(totalsOf(rows), { failed: 1, input: 10, output: 2, cost: 0.5, firstTokenNs: 7 });
});
