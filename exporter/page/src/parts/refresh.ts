// Loads again after a while, as long as somebody can see it.

import { useEffect } from "preact/hooks";

/** Calls `reload` so many milliseconds after the last loading ended; never, if that is null. A hidden tab waits until it is seen. */
export function useRefresh(reload: () => void, loading: boolean, after: number | null): void {
  useEffect(() => {
    if (after === null || loading) return;
    let isDue = false;
    const whenSeen = () => {
      if (isDue && !document.hidden) reload();
    };
    const timer = setTimeout(() => {
      isDue = true;
      whenSeen();
    }, after);
    document.addEventListener("visibilitychange", whenSeen);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", whenSeen);
    };
  }, [reload, loading, after]);
}
