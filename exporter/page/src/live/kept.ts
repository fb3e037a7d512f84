// The list that was left to open a trace, for when the reader goes back to it: the same rows, and the focus on the one that was
// opened. The history remembers that it was left, the tab what it was.

import type { Query } from "../api/client.ts";
import type { List } from "./list.ts";

export interface Kept {
  list: List;
  query: Query;
  /** Since when what is stored is new. */
  position: number;
  /** The address of what was opened. */
  opened: string;
}

let kept: (Kept & { key: number }) | undefined;

/** To be called before the address changes. */
export function keep(list: Kept): void {
  kept = { ...list, key: Date.now() };
  history.replaceState({ kept: kept.key }, "");
}

/** What was kept of the address that is open now, if it is gone back to. */
export function keptHere(): Kept | undefined {
  return kept !== undefined && history.state?.kept === kept.key ? kept : undefined;
}
