// Times: on the clock, or how long ago. Each tells the other, and the date, when it is pointed at.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Time } from "../api/types.ts";
import { ago, clock, dateAndClock, isToday, shortDate } from "../format.ts";

const now = signal(Date.now());
let shown = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** "08:00:00.123"; of another day "Nov 20 08:00:00". */
export function When({ time }: { time: Time }) {
  const [seconds, milliseconds] = [clock(time).slice(0, 8), clock(time).slice(8)];
  return (
    <time dateTime={time} title={dateAndClock(time)}>
      {isToday(time) ? seconds : `${shortDate(time)} ${seconds}`}
      {isToday(time) && <span class="milliseconds">{milliseconds}</span>}
    </time>
  );
}

/** "5 min ago"; it goes on by itself. */
export function Ago({ time }: { time: Time }) {
  useEffect(() => {
    shown += 1;
    now.value = Date.now();
    timer ??= setInterval(() => {
      now.value = Date.now();
    }, 5_000);
    return () => {
      shown -= 1;
      if (shown > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return (
    <time dateTime={time} title={dateAndClock(time)}>
      {ago(time, now.value)}
    </time>
  );
}
