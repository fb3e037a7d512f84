// Live and search: what was recorded, newest first, as it comes.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { announce } from "../parts/announce.tsx";
import { Heading } from "../parts/heading.tsx";
import { moveFocus, useShortcuts } from "../parts/keys.ts";
import { Failed, Loading } from "../parts/loaded.tsx";
import { Chips } from "./chips.tsx";
import { NoRows } from "./empty.tsx";
import { End } from "./end.tsx";
import { useFeed } from "./feed.ts";
import { type Filter, having, isOpen, parse, print } from "./filter.ts";
import { Filters } from "./filters.tsx";
import { keptHere } from "./kept.ts";
import type { List } from "./list.ts";
import type { RowActions } from "./row.tsx";
import { Held, LiveState } from "./state.tsx";
import { Table } from "./table.tsx";

const ROWS = "[data-row]";

export function LiveView() {
  const { url, route } = useLocation();
  const filter = useMemo(() => parse(url.split("?")[1] ?? ""), [url]);
  const go = (next: Filter) => {
    if (print(next) !== print(filter)) route(print(next));
  };
  const [isLive, setLive] = useState(true);
  const table = useRef<HTMLTableElement>(null);
  const feed = useFeed(filter, isLive, () => isBeingRead(table.current));
  const now = useRef({ filter, go, feed, isLive });
  now.current = { filter, go, feed, isLive };
  const actions = useMemo<RowActions>(
    () => ({
      pick: (name, value) => now.current.go(having(now.current.filter, name, value)),
      open: (address) => now.current.feed.leaveFor(address),
    }),
    [],
  );
  const toggle = () => {
    // The key may come again before it is bound anew.
    const willBeLive = !now.current.isLive;
    setLive(willBeLive);
    announce(willBeLive ? "Live again" : "Paused");
  };
  const showHeld = () => {
    feed.release();
    scrollTo(0, 0);
    document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  };
  useShortcuts(
    [
      { keys: "j", does: "Next row", run: () => moveFocus(ROWS, 1) },
      { keys: "k", does: "Row before", run: () => moveFocus(ROWS, -1) },
      { keys: "n", does: "Show what is new", run: showHeld },
      { keys: " ", does: "Pause or go on", run: toggle },
    ],
    [isLive],
  );
  useEffect(() => {
    const opened = keptHere()?.opened;
    if (opened !== undefined) rowOf(opened)?.focus();
  }, []);
  const { list, loading, error } = feed;
  const wasLoading = useRef(true);
  useEffect(() => {
    // Not of the first list: the heading is read then.
    if (!wasLoading.current && loading === null && error === null) announce(foundInWords(list));
    wasLoading.current = false;
  }, [loading, error]);
  useEffect(() => {
    if (feed.trouble !== null) announce(`Nothing new comes: ${feed.trouble.message}`);
  }, [feed.trouble !== null]);

  const hasRows = list.rows.length > 0;
  return (
    <div class="live">
      <Heading title="Live" hidden />
      <div class="tools">
        <Filters filter={filter} go={go} />
        <LiveState feed={feed} isOpen={isOpen(filter)} isLive={isLive} toggle={toggle} />
      </div>
      <Chips filter={filter} go={go} />
      {error !== null && <Failed error={error} retry={feed.reload} />}
      <Held feed={feed} onShow={showHeld} />
      {hasRows && (
        <Table
          list={list}
          isStale={loading === "first"}
          find={filter.q ?? ""}
          actions={actions}
          table={table}
        />
      )}
      {!hasRows && loading === "first" && <Loading what="what was recorded" />}
      {!hasRows && loading === null && error === null && list.next === null && (
        <NoRows filter={filter} isLive={isLive && isOpen(filter)} />
      )}
      {error === null && loading !== "first" && <End key={print(filter)} feed={feed} filter={filter} />}
    </div>
  );
}

function foundInWords(list: List): string {
  const rows = list.rows.length;
  return rows === 0 ? "Nothing found" : `${rows} rows${list.next === null ? "" : ", and more"}`;
}

function rowOf(address: string): HTMLElement | undefined {
  const links = document.querySelectorAll<HTMLAnchorElement>(ROWS);
  return [...links].find((link) => link.getAttribute("href") === address);
}

/** Whether somebody has scrolled into the list, or has the focus in it: then nothing may move under them. */
function isBeingRead(table: HTMLTableElement | null): boolean {
  if (table === null) return false;
  return table.getBoundingClientRect().top < 0 || table.contains(document.activeElement);
}
