// Small marks and cells that mean the same in every view.

import type { Row } from "../api/types.ts";
import { count, dollars, short } from "../format.ts";

/** What an event is: a word, and a colour that says which family it is of. */
export function KindBadge({ row }: { row: Pick<Row, "kind" | "source" | "top"> }) {
  return (
    <span
      class={`badge kind ${familyOf(row)}`}
      title={row.source === null ? row.kind : `${row.kind}, ${row.source}`}
    >
      {wordFor(row)}
    </span>
  );
}

/** "request", "call", or the kind itself. */
export function wordFor({ kind, source }: Pick<Row, "kind" | "source">): string {
  if (kind !== "exchange") return kind;
  return isCall(source) ? "call" : "request";
}

/** "request", "call", "model", "tool", "span", "score" or "loss": what a colour is of. */
export function familyOf({ kind, source }: Pick<Row, "kind" | "source">): string {
  switch (kind) {
    case "exchange":
      return isCall(source) ? "call" : "request";
    case "generation":
    case "embedding":
      return "model";
    case "tool":
    case "retriever":
      return "tool";
    case "score":
    case "loss":
      return kind;
    default:
      return "span";
  }
}

function isCall(source: string | null): boolean {
  return source === "httpx" || source === "aiohttp";
}

/** An HTTP status, or what stands for one where an event has none: that it failed. */
export function StatusBadge({
  row,
}: {
  row: Pick<Row, "status" | "failed" | "outcome" | "error_type" | "level">;
}) {
  const why = row.error_type ?? row.outcome ?? row.level ?? undefined;
  if (row.status !== null) {
    return (
      <span class={`badge status ${toneOf(row.status, row.failed)}`} title={row.failed ? why : undefined}>
        {row.status}
        {row.failed && <span class="only-read"> failed</span>}
      </span>
    );
  }
  if (!row.failed) return null;
  return (
    <span class="badge status bad" title={why}>
      failed
    </span>
  );
}

function toneOf(status: number, failed: boolean): string {
  if (status >= 500) return "bad";
  if (status >= 400) return "warn";
  return failed ? "bad" : "good";
}

/** "1.2k → 310": in and out. */
export function Tokens({ input, output }: { input: number | null; output: number | null }) {
  if (input === null && output === null) return <Nothing />;
  return (
    <span title={`${count(input)} tokens in, ${count(output)} out`}>
      {input === null ? "–" : short(input)}
      <span class="soft" aria-hidden="true">
        {" → "}
      </span>
      <span class="only-read"> in, </span>
      {output === null ? "–" : short(output)}
      <span class="only-read"> out</span>
    </span>
  );
}

export function Cost({ usd }: { usd: number | null }) {
  return usd === null ? <Nothing /> : <span>{dollars(usd)}</span>;
}

/** A cell that has nothing to say, quietly. */
export function Nothing() {
  return (
    <span class="nothing" aria-hidden="true">
      –
    </span>
  );
}
