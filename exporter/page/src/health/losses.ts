// Is anything being lost? What is counted as lost, and what to do about each reason: docs/operations.md and docs/sinks.md
// say the same at greater length.

import type { Status } from "../api/types.ts";
import { type Looks, spanOf, spanWords } from "./rates.ts";

/** So many events that were lost for one reason: before the spool had them, or to one sink. */
export interface Loss {
  sink: string | null;
  reason: string;
  count: number;
  advice: string;
}

export interface Verdict {
  state: "good" | "warn" | "bad";
  words: string;
}

const BEFORE_SPOOL: Record<string, string> = {
  ring_full:
    "The exporter did not run, or came too late: give it CPU time and a disk it can write to; for bursts raise [ring] size.",
  too_big:
    "An event is larger than a ring or the spool takes: keep less of bodies with head and tail in the rules.",
  trap: "The sandbox failed: please report it, with the app's log.",
  memory: "The sandbox had no memory for an exchange: let fewer run at a time, or keep less of each.",
  abandoned: "Exchanges were given up before their end: too many at a time, or too old.",
  forked: "A process forked, and its child had no ring yet: nothing needs to be done.",
  internal: "Something went wrong in the app: its log says what. Please report it.",
  ring_corrupt:
    "A ring held bytes that are no record, and was set aside as *.bad: look for faulty memory, or another process of that user that writes there.",
  undecodable: "A record is no event that this exporter knows: update the exporter before the apps.",
  egress_full:
    "Envoy could not send for longer than it can keep: see that the exporter runs, or raise egress.max_memory.",
  refused: "The exporter did not take a batch of Envoy's: their versions do not fit; update the older one.",
  stream_trimmed:
    "Somebody removed entries from the stream of Redis before they were read: let nobody trim it, and no policy evict keys.",
};

const TO_SINK: Record<string, string> = {
  refused: "The backend does not take them: offpath dead-letters list says why.",
  too_large: "Each alone is too large for the backend: keep less of bodies, then offpath dead-letters retry.",
  rejected:
    "The backend took the request and said that it did not take them: its words are in the exporter's log.",
  no_place: "The backend has no place for what they are; nothing needs to be done.",
  spool_full: "The spool was full before this sink came to them: mend the sink, or raise spool.max_size.",
  spool_expired:
    "They were older than spool.max_age before this sink came to them: mend the sink, or raise it.",
  spool_damaged: "The disk did not keep them: see the kernel's log.",
  undecodable: "The disk did not keep them whole: see the kernel's log.",
  dead_letters_full:
    "They were the oldest dead letters when their room was used up: raise dead_letters.max_size.",
};

const UNKNOWN = "This page does not know the reason: docs/operations.md of the exporter's version does.";

/** What was lost before the spool had it, by reason, most first. */
export function lostBeforeSpool(status: Status): Loss[] {
  return losses(null, status.dropped, BEFORE_SPOOL);
}

/** What sinks will not get, by sink and reason, most first. */
export function lostToSinks(status: Status): Loss[] {
  return status.sinks.flatMap(({ name, dropped }) => losses(name, dropped, TO_SINK)).sort(byCount);
}

/** The answer in one sentence. Earlier looks tell whether it goes on. */
export function verdict(status: Status, looks: Looks = []): Verdict {
  const since = `since the exporter started ${ago(status.uptime_seconds)}`;
  const lost = countLost(status);
  if (lost > 0) return { state: "bad", words: `${events(lost)} lost ${since}${lately(status, looks[0])}.` };
  const letters = status.sinks.reduce((sum, sink) => sum + sink.dead_letters, 0);
  const nothing = `Nothing has been lost ${since}`;
  if (letters === 0) return { state: "good", words: `${nothing}.` };
  const wait =
    letters === 1
      ? "1 event that a backend refused waits"
      : `${number(letters)} events that backends refused wait`;
  return { state: "warn", words: `${nothing}, but ${wait} as dead letters.` };
}

// What a backend has no place for was never to be there.
function countLost(status: Status): number {
  const losses = [...lostBeforeSpool(status), ...lostToSinks(status)];
  return losses.reduce((sum, { reason, count }) => (reason === "no_place" ? sum : sum + count), 0);
}

function lately(status: Status, before: Status | undefined): string {
  const seconds = before === undefined ? 0 : spanOf([before, status]);
  if (before === undefined || seconds === 0) return "";
  const newly = countLost(status) - countLost(before);
  return `, ${newly === 0 ? "none" : number(newly)} of them in the ${spanWords(seconds)}`;
}

/** "2 h 5 min", for sentences. */
export function ago(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return `${days} d ${hours % 24} h ago`;
  if (hours > 0) return `${hours} h ${minutes % 60} min ago`;
  return minutes > 0 ? `${minutes} min ago` : `${Math.floor(seconds)} s ago`;
}

function losses(
  sink: string | null,
  dropped: Record<string, number>,
  advice: Record<string, string>,
): Loss[] {
  return Object.entries(dropped)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => ({ sink, reason, count, advice: adviceOn(reason, advice) }))
    .sort(byCount);
}

// Reasons come from outside: one named "constructor" has no advice.
function adviceOn(reason: string, advice: Record<string, string>): string {
  return (Object.hasOwn(advice, reason) ? advice[reason] : undefined) ?? UNKNOWN;
}

function byCount(one: Loss, other: Loss): number {
  return other.count - one.count;
}

function events(count: number): string {
  return count === 1 ? "1 event was" : `${number(count)} events were`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
