// The list of a filter: its first page, its further pages, and what comes while it is looked at.

import { useCallback, useEffect, useReducer, useRef, useState } from "preact/hooks";
import { get, type Query } from "../api/client.ts";
import type { Events, Live } from "../api/types.ts";
import { type Filter, isOpen, print, toQuery } from "./filter.ts";
import { follow } from "./follow.ts";
import { keep, keptHere } from "./kept.ts";
import { change, EMPTY, type List, PAGE, sampling } from "./list.ts";

// It is not to come and go where about as many match as are shown.
const SAMPLED_ROUNDS = 5;

export interface Feed {
  list: List;
  /** Until the first page is there, the list is of the filter before. */
  loading: "first" | "next" | null;
  /** Why there is no page. */
  error: Error | null;
  reload: () => void;
  more: () => void;
  /** Shows what was held back. */
  release: () => void;
  /** Keeps the list for when the reader comes back from what is opened. */
  leaveFor: (address: string) => void;
  /** Why nothing new comes. */
  trouble: Error | null;
  /** What to say where more match than are shown. */
  sampled: string | null;
}

/** What was asked for, and since when what is stored is new: null until the first page is there. */
interface Asked {
  query: Query;
  signal: AbortSignal;
  position: number | null;
}

/** `isLive`: whether what is new is told. `isBeingRead`: whether nothing may move now. */
export function useFeed(filter: Filter, isLive: boolean, isBeingRead: () => boolean): Feed {
  const back = useRef(keptHere());
  const [list, dispatch] = useReducer(change, back.current?.list ?? EMPTY);
  const [asked, setAsked] = useState<Asked | null>(null);
  const { loading, error, load } = useLoading();
  const [round, setRound] = useState(0);
  const address = print(filter);

  useEffect(() => {
    const ending = new AbortController();
    const { query, position } = back.current ?? { query: toQuery(filter, Date.now()), position: null };
    const own: Asked = { query, signal: ending.signal, position };
    setAsked(own);
    if (back.current === undefined) {
      load("first", own.signal, open(own), (page) => dispatch({ type: "opened", page }));
    }
    back.current = undefined;
    return () => ending.abort();
  }, [address, round]);

  function more() {
    if (asked === null || list.next === null) return;
    const page = get<Events>("events", { ...asked.query, limit: PAGE, cursor: list.next }, asked.signal);
    load("next", asked.signal, page, (next) => dispatch({ type: "continued", page: next }));
  }

  function leaveFor(opened: string) {
    if (asked === null || asked.position === null || loading === "first") return;
    keep({ list, query: asked.query, position: asked.position, opened });
  }

  const follows = isLive && isOpen(filter) && loading !== "first";
  const news = useNews(follows ? asked : null, (told) =>
    dispatch({ type: "news", news: told, hold: isBeingRead() }),
  );
  const reload = useCallback(() => setRound((before) => before + 1), []);
  const release = useCallback(() => dispatch({ type: "released" }), []);
  return { list, loading, error, reload, more, release, leaveFor, ...news };
}

/** Loads pages, one at a time, and tells how that goes. */
function useLoading() {
  const [loading, setLoading] = useState<Feed["loading"]>(() => (keptHere() === undefined ? "first" : null));
  const [error, setError] = useState<Error | null>(null);
  function load(
    which: "first" | "next",
    signal: AbortSignal,
    page: Promise<Events>,
    show: (page: Events) => void,
  ) {
    setLoading(which);
    setError(null);
    const end = (why: Error | null) => {
      if (signal.aborted) return;
      setLoading(null);
      setError(why);
    };
    page.then(
      (events) => {
        if (!signal.aborted) show(events);
        end(null);
      },
      (why: Error) => {
        // Rows of another filter would be taken for what was asked.
        if (!signal.aborted && which === "first") show(NO_EVENTS);
        end(why);
      },
    );
  }
  return { loading, error, load };
}

const NO_EVENTS: Events = { events: [], next: null, reached: null };

/** The first page. What is stored after it was asked for is new, so the position comes first. */
async function open(asked: Asked): Promise<Events> {
  const { query, signal } = asked;
  const { position } = await get<Live>("live", {}, signal);
  const page = await get<Events>("events", { ...query, limit: PAGE }, signal);
  asked.position = position;
  return page;
}

/** Follows what was asked, from its position on; keeps there how far it came, for when it goes on. */
function useNews(asked: Asked | null, onNews: (news: Live) => void): Pick<Feed, "trouble" | "sampled"> {
  const [trouble, setTrouble] = useState<Error | null>(null);
  const [sampled, setSampled] = useState<{ said: string; rounds: number } | null>(null);
  useEffect(() => {
    setTrouble(null);
    setSampled(null);
    if (asked === null || asked.position === null) return;
    const ending = new AbortController();
    void follow(asked.position, asked.query, ending.signal, {
      onTrouble: setTrouble,
      onNews: (news, seconds) => {
        asked.position = news.position;
        const said = sampling(news, seconds);
        setSampled((before) => {
          if (said !== null) return { said, rounds: SAMPLED_ROUNDS };
          return before === null || before.rounds === 1 ? null : { ...before, rounds: before.rounds - 1 };
        });
        onNews(news);
      },
    });
    return () => ending.abort();
  }, [asked]);
  return { trouble, sampled: sampled?.said ?? null };
}
