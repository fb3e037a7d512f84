// Times, tokens and costs of an event, put side by side.

import type { Event, Llm } from "./event.ts";

export interface Phase {
  name: string;
  ns: number;
  /** Of the whole time, from 0 to 1. */
  share: number;
}

/** When something had come, from the start. */
export function phasesOf({ duration_ns: all, first_byte_ns: byte, llm }: Event): Phase[] {
  const times: [string, number | null | undefined][] = [
    ["First byte", byte],
    ["First token", llm?.first_token_ns],
    ["Total", all],
  ];
  return times
    .filter((time): time is [string, number] => typeof time[1] === "number")
    .toSorted(([, one], [, other]) => one - other)
    .map(([name, ns]) => ({ name, ns, share: all > 0 ? Math.min(1, ns / all) : 1 }));
}

export interface Amount {
  kind: string;
  tokens: number | null;
  usd: number | null;
}

/** Tokens and cost by kind, those of the input first, and what they come to. */
export function usageOf({ usage, cost, cost_usd }: Llm): { kinds: Amount[]; total: Omit<Amount, "kind"> } {
  const names = new Set([...Object.keys(usage), ...Object.keys(cost)]);
  names.delete("total");
  const kinds = [...names].toSorted().toSorted((one, other) => rank(one) - rank(other));
  return {
    kinds: kinds.map((kind) => ({ kind, tokens: usage[kind] ?? null, usd: cost[kind] ?? null })),
    total: { tokens: usage.total ?? null, usd: cost_usd ?? cost.total ?? null },
  };
}

function rank(kind: string): number {
  if (kind.startsWith("input")) return 0;
  return kind.startsWith("output") ? 1 : 2;
}
