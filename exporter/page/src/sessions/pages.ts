// A list that comes in pages: the first is loaded with the view, the others when they are asked for.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Loaded, useLoaded } from "../parts/loaded.tsx";

export interface Pages<P> {
  first: Loaded<P>;
  /** All that are loaded, in order. */
  pages: P[];
  next: string | null;
  loadingMore: boolean;
  /** Why there is not more, if that was asked for and failed. */
  problem: Error | undefined;
  more: () => void;
}

/** Begins anew whenever `key`, which stands for what is asked for, changes. */
export function usePages<P extends { next: string | null }>(
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<P>,
  key: string,
): Pages<P> {
  const first = useLoaded((signal) => load(undefined, signal), [key]);
  const [later, setLater] = useState<P[]>([]);
  const [loadingMore, setLoadingMore] = useState(false);
  const [problem, setProblem] = useState<Error>();
  const ending = useRef(new AbortController());

  useEffect(() => {
    ending.current = new AbortController();
    setLater([]);
    setLoadingMore(false);
    setProblem(undefined);
    return () => ending.current.abort();
  }, [first.value]);

  const pages = first.value === undefined ? [] : [first.value, ...later];
  const next = pages.at(-1)?.next ?? null;
  const more = useCallback(() => {
    const { signal } = ending.current;
    if (next === null) return;
    setLoadingMore(true);
    setProblem(undefined);
    load(next, signal)
      .then((page) => {
        if (!signal.aborted) setLater((before) => [...before, page]);
      })
      .catch((error: Error) => {
        if (!signal.aborted) setProblem(error);
      })
      .finally(() => {
        if (!signal.aborted) setLoadingMore(false);
      });
  }, [next, load]);
  return { first, pages, next, loadingMore, problem, more };
}
