// Which lines of a long list are near what is in sight: only they are drawn.

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** The height of a line: as trace.css has it. */
const LINE_REM = 2.5;
/** Lines beyond what is in sight; a multiple of it is where drawing begins, so that little scrolling draws nothing new. */
const MARGIN = 20;
/** Fewer are all drawn: the browser's own search finds them then. */
const FEW = 200;

/** From the first index up to the second. */
export function useWindow(scroller: RefObject<HTMLElement | null>, count: number): [number, number] {
  const [[first, last], setSeen] = useState<[number, number]>([0, FEW]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || count <= FEW) return;
    const look = () => setSeen((before) => same(before, linesNear(element)));
    look();
    element.addEventListener("scroll", look, { passive: true });
    const resized = new ResizeObserver(look);
    resized.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      resized.disconnect();
    };
  }, [scroller, count]);
  return count <= FEW ? [0, count] : [first, Math.min(last, count)];
}

/** How many lines fit. */
export function pageOf(element: HTMLElement): number {
  return Math.max(1, Math.floor(element.clientHeight / lineHeight()) - 1);
}

/** In pixels: readers may have chosen larger text. */
function lineHeight(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * LINE_REM;
}

function linesNear({ scrollTop, clientHeight }: HTMLElement): [number, number] {
  const height = lineHeight();
  const top = Math.floor(scrollTop / height / MARGIN) * MARGIN;
  const bottom = Math.ceil((scrollTop + clientHeight) / height / MARGIN) * MARGIN;
  return [Math.max(0, top - MARGIN), bottom + MARGIN];
}

/** The same object, if nothing changed: then nothing is drawn. */
function same(before: [number, number], now: [number, number]): [number, number] {
  return before[0] === now[0] && before[1] === now[1] ? before : now;
}
