// What things are called, and names of strangers where there is little room.

import type { Row } from "../api/types.ts";
import { beginning } from "../text/cut.ts";
import { Text } from "./text.tsx";

const LIMIT = 120;

/** Cut where it is long. It may stand in a link, where there can be no button for the rest. */
export function Name({ value }: { value: string }) {
  return <Text value={beginning(value, LIMIT)} />;
}

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
