// The list of a filter: its first page, its further pages, and what comes while it is looked at.

import { useCallback, useEffect, useReducer, useRef, useState } from "preact/hooks";
import { get, type Query } from "../api/client.ts";
import type { Events, Live } from "../api/types.ts";
import { type Filter, isOpen, print, toQuery } from "./filter.ts";
import { follow } from "./follow.ts";
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
  /** Why nothing new comes. */
  trouble: Error | null;
  /** What to say where more match than are shown. */
  sampled: string | null;
}

/** `isLive`: whether what is new is told. `isBeingRead`: whether nothing may move now. */
export function useFeed(filter: Filter, isLive: boolean, isBeingRead: () => boolean): Feed {
  const [list, dispatch] = useReducer(change, EMPTY);
  const [loading, setLoading] = useState<Feed["loading"]>("first");
  const [error, setError] = useState<Error | null>(null);
  const [round, setRound] = useState(0);
  const asked = useRef<{ query: Query; signal: AbortSignal; position: number | null }>(undefined);
  const address = print(filter);

  function load<T>(which: "first" | "next", what: Promise<T>, signal: AbortSignal, show: (value: T) => void) {
    setLoading(which);
    setError(null);
    const end = (why: Error | null) => {
      if (signal.aborted) return;
      setLoading(null);
      setError(why);
    };
    what.then((value) => {
      if (!signal.aborted) show(value);
      end(null);
    }, end);
  }

  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const own = { query: toQuery(filter, Date.now()), signal, position: null as number | null };
    asked.current = own;
    load("first", open(own.query, signal), signal, ({ position, page }) => {
      own.position = position;
      dispatch({ type: "opened", page });
    });
    return () => ending.abort();
  }, [address, round]);

  function more() {
    if (asked.current === undefined || list.next === null) return;
    const { query, signal } = asked.current;
    const page = get<Events>("events", { ...query, limit: PAGE, cursor: list.next }, signal);
    load("next", page, signal, (next) => dispatch({ type: "continued", page: next }));
  }

  const follows = isLive && isOpen(filter) && loading !== "first";
  const news = useNews(follows ? asked.current : undefined, (told) =>
    dispatch({ type: "news", news: told, hold: isBeingRead() }),
  );
  const reload = useCallback(() => setRound((before) => before + 1), []);
  const release = useCallback(() => dispatch({ type: "released" }), []);
  return { list, loading, error, reload, more, release, ...news };
}

/** The first page. What is stored after it was asked for is new, so the position comes first. */
async function open(query: Query, signal: AbortSignal): Promise<{ position: number; page: Events }> {
  const { position } = await get<Live>("live", {}, signal);
  return { position, page: await get<Events>("events", { ...query, limit: PAGE }, signal) };
}

/** Follows what was asked, from its position on; keeps there how far it came, for when it goes on. */
function useNews(
  asked: { query: Query; position: number | null } | undefined,
  onNews: (news: Live) => void,
): Pick<Feed, "trouble" | "sampled"> {
  const [trouble, setTrouble] = useState<Error | null>(null);
  const [sampled, setSampled] = useState<{ said: string; rounds: number } | null>(null);
  useEffect(() => {
    setTrouble(null);
    setSampled(null);
    if (asked === undefined || asked.position === null) return;
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
