// What a trace used and cost. Where an event and a call below it tell the same usage, the call's counts.

import type { Row } from "../api/types.ts";

export interface Totals {
  failed: number;
  input: number;
  output: number;
  cost: number;
  /** The shortest: when somebody first saw something. */
  firstTokenNs: number | null;
}

export function totalsOf(rows: Row[]): Totals {
  const counting = rows.filter(({ usage_counts: counts }) => counts);
  const sum = (of: (row: Row) => number | null) => counting.reduce((total, row) => total + (of(row) ?? 0), 0);
  const first = rows.map((row) => row.first_token_ns).filter((ns) => ns !== null);
  return {
    failed: rows.filter((row) => row.failed).length,
    input: sum((row) => row.input_tokens),
    output: sum((row) => row.output_tokens),
    cost: sum((row) => row.cost_usd),
    firstTokenNs: first.length === 0 ? null : Math.min(...first),
  };
}
