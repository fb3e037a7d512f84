// What an event is called.

import type { Row } from "../api/types.ts";

/** A request by its route or, where it has none, its path; a call by where it went; a score by what it says; a span by its name. */
export function nameOf(row: Row): string {
  switch (row.kind) {
    case "exchange":
      if (row.route !== null) return row.route;
      return row.top ? (row.path ?? "/") : `${row.host ?? ""}${row.path ?? ""}`;
    case "score":
      return `${row.name ?? "score"} = ${row.score_text ?? row.score_value ?? "–"}`;
    case "loss":
      return `${row.loss_count ?? "some"} lost: ${row.loss_reason ?? "unknown"}`;
    default:
      return row.name ?? row.kind;
  }
}
