// Live and search: what was recorded, newest first, as it comes.

import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { announce } from "../parts/announce.tsx";
import { Heading } from "../parts/heading.tsx";
import { moveFocus, useShortcuts } from "../parts/keys.ts";
import { Failed, Loading } from "../parts/loaded.tsx";
import { Chips } from "./chips.tsx";
import { NoRows } from "./empty.tsx";
import { End } from "./end.tsx";
import { useFeed } from "./feed.ts";
import { type Filter, having, isOpen, type Name, parse, print } from "./filter.ts";
import { Filters } from "./filters.tsx";
import { Held, LiveState } from "./state.tsx";
import { Table } from "./table.tsx";

const ROWS = "[data-row]";

export function LiveView() {
  const { url, route } = useLocation();
  const filter = useMemo(() => parse(url.split("?")[1] ?? ""), [url]);
  const go = (next: Filter) => {
    if (print(next) !== print(filter)) route(print(next));
  };
  const current = useRef({ filter, go });
  current.current = { filter, go };
  const pick = useCallback((name: Name, value: string) => {
    current.current.go(having(current.current.filter, name, value));
  }, []);

  const [isLive, setLive] = useState(true);
  const table = useRef<HTMLTableElement>(null);
  const feed = useFeed(filter, isLive, () => isBeingRead(table.current));
  const toggle = () => {
    setLive(!isLive);
    announce(isLive ? "Paused" : "Live");
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
    if (feed.trouble !== null) announce(`Nothing new comes: ${feed.trouble.message}`);
  }, [feed.trouble !== null]);

  const { list, loading, error } = feed;
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
        <Table list={list} isStale={loading === "first"} find={filter.q ?? ""} onPick={pick} table={table} />
      )}
      {!hasRows && loading === "first" && <Loading what="what was recorded" />}
      {!hasRows && loading === null && error === null && list.next === null && (
        <NoRows filter={filter} isLive={isLive && isOpen(filter)} />
      )}
      {error === null && loading !== "first" && <End key={print(filter)} feed={feed} filter={filter} />}
    </div>
  );
}

/** Whether somebody has scrolled into the list, or has the focus in it: then nothing may move under them. */
function isBeingRead(table: HTMLTableElement | null): boolean {
  if (table === null) return false;
  return table.getBoundingClientRect().top < 0 || table.contains(document.activeElement);
}
