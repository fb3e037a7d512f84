// The end of the list: the next page, how far back was searched, or where to go on.

import { useEffect, useRef, useState } from "preact/hooks";
import { clock, isToday, shortDate } from "../format.ts";
import { More } from "../parts/more.tsx";
import type { Feed } from "./feed.ts";
import { type Filter, having, instantAfter, print } from "./filter.ts";
import { hasRoom } from "./list.ts";

/** How often a search goes on by itself. */
const ROUNDS = 10;

export function End({ feed, filter }: { feed: Feed; filter: Filter }) {
  const { list, loading } = feed;
  const last = list.rows.at(-1);
  if (!hasRoom(list) && (list.next !== null || list.trimmed) && last !== undefined) {
    return (
      <p class="more">
        <a class="button" href={print(having(filter, "to", instantAfter(last.start_time)))}>
          Go on from {moment(last.start_time)}
        </a>
      </p>
    );
  }
  if (list.next === null) {
    return last === undefined ? null : <p class="more soft">That is all.</p>;
  }
  if (list.reached !== null) return <Searching feed={feed} reached={list.reached} />;
  return <More loading={loading === "next"} onMore={feed.more} />;
}

/** A page came short: the search is not at its end, and goes on for as long as somebody waits for it. */
function Searching({ feed, reached }: { feed: Feed; reached: string }) {
  const line = useRef<HTMLParagraphElement>(null);
  const [left, setLeft] = useState(ROUNDS);
  const mayGoOn = left > 0 && feed.loading === null && feed.error === null;
  useEffect(() => {
    if (!mayGoOn || line.current === null) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return;
      observer.disconnect();
      setLeft(left - 1);
      feed.more();
    });
    observer.observe(line.current);
    return () => observer.disconnect();
  }, [mayGoOn, left, feed]);
  return (
    <div class="more">
      <p ref={line} class="soft">
        Searched back to {moment(reached)}, nothing else so far{left > 0 ? " …" : "."}
      </p>
      {left === 0 && (
        <button type="button" class="button" onClick={() => setLeft(ROUNDS)}>
          Search further back
        </button>
      )}
    </div>
  );
}

function moment(time: string): string {
  const at = clock(time).slice(0, 8);
  return isToday(time) ? at : `${shortDate(time)}, ${at}`;
}
