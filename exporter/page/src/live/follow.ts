// Asks each second what is new, while the page is seen. If the exporter does not answer it asks less and less often, and says so.

import { get, type Query } from "../api/client.ts";
import type { Live } from "../api/types.ts";

const EACH_MS = 1_000;
const SELDOM_MS = 30_000;
/** How many new rows are taken at once. */
export const TAKEN_AT_ONCE = 50;

export interface Follower {
  /** What came, and in how many seconds. */
  onNews: (news: Live, seconds: number) => void;
  /** Why nothing comes; null when it comes again. */
  onTrouble: (error: Error | null) => void;
}

/** Tells what is stored after `position`, until `signal` ends it. */
export async function follow(
  position: number,
  query: Query,
  signal: AbortSignal,
  to: Follower,
): Promise<void> {
  let at = position;
  let asked = performance.now();
  let wait = EACH_MS;
  while (!signal.aborted) {
    await pause(wait, signal);
    await seen(signal);
    if (signal.aborted) break;
    try {
      const news = await get<Live>("live", { ...query, after: at, limit: TAKEN_AT_ONCE }, signal);
      const now = performance.now();
      if (wait !== EACH_MS) to.onTrouble(null);
      to.onNews(news, (now - asked) / 1000);
      at = news.position;
      asked = now;
      wait = EACH_MS;
    } catch (error) {
      if (signal.aborted) break;
      wait = Math.min(wait * 2, SELDOM_MS);
      to.onTrouble(error as Error);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

/** Until the tab is in front. */
function seen(signal: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const ending = new AbortController();
    const end = () => {
      if (document.hidden && !signal.aborted) return;
      ending.abort();
      resolve();
    };
    document.addEventListener("visibilitychange", end, { signal: ending.signal });
    signal.addEventListener("abort", end, { signal: ending.signal });
  });
}
