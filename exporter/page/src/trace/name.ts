// What an event is called.

import type { Row } from "../api/types.ts";

/** A span by its name; a request by its route or, where it has none, its path; a call by where it went. */
export function nameOf(row: Row): string {
  if (row.kind !== "exchange") return row.name ?? row.loss_reason ?? row.kind;
  if (row.route !== null) return row.route;
  return row.top ? (row.path ?? "/") : `${row.host ?? ""}${row.path ?? ""}`;
}

/** "helpful = 0.8". */
export function scoreInWords({ name, score_value, score_text }: Row): string {
  return `${name ?? "score"} = ${score_text ?? score_value ?? "–"}`;
}
