import assert from "node:assert/strict";
import { test } from "node:test";
import type { Status } from "../api/types.ts";
import { ago, lostBeforeSpool, lostToSinks, verdict } from "./losses.ts";

function status(dropped: Record<string, number>, sinks: object[] = [], second = 0): Status {
  const at = new Date(Date.parse("2026-11-20T08:00:00Z") + second * 1000).toISOString();
  return { at, uptime_seconds: 7200, dropped, sinks } as unknown as Status;
}

const SINCE = "since the exporter started 2 h 0 min ago";

test("where nothing was lost, it says since when", () => {
  const { state, words } = verdict(status({ ring_full: 0 }));
  assert.equal(state, "good");
  assert.equal(words, `Nothing has been lost ${SINCE}.`);
});

test("what was lost before the spool and to sinks is counted together", () => {
  const sinks = [{ name: "collector", dropped: { spool_full: 5 }, dead_letters: 0 }];
  const { state, words } = verdict(status({ ring_full: 1200 }, sinks));
  assert.equal(state, "bad");
  assert.equal(words, `1,205 events were lost ${SINCE}.`);
});

test("it says whether losing goes on", () => {
  const before = status({ trap: 1 });
  assert.match(verdict(status({ trap: 3 }, [], 60), [before]).words, /, 2 of them in the last 60 seconds\.$/);
  assert.match(
    verdict(status({ trap: 1 }, [], 120), [before]).words,
    /, none of them in the last 2 minutes\.$/,
  );
});

test("one event is told as one", () => {
  assert.match(verdict(status({ trap: 1 })).words, /^1 event was lost /);
});

test("what a backend has no place for is not lost", () => {
  const { state } = verdict(status({}, [{ name: "mlflow", dropped: { no_place: 5 }, dead_letters: 0 }]));
  assert.equal(state, "good");
});

test("dead letters are not lost, but wait for somebody", () => {
  const { state, words } = verdict(status({}, [{ name: "langfuse", dropped: {}, dead_letters: 2 }]));
  assert.equal(state, "warn");
  assert.match(words, /, but 2 events that backends refused wait as dead letters\.$/);
});

test("reasons are told by how much each took, most first", () => {
  const reasons = lostBeforeSpool(status({ trap: 1, memory: 0, ring_full: 5 })).map(({ reason }) => reason);
  assert.deepEqual(reasons, ["ring_full", "trap"]);
});

test("each reason says what to do, that of a sink its own", () => {
  const all = status({ undecodable: 1 }, [{ name: "local", dropped: { undecodable: 1 } }]);
  assert.match(lostBeforeSpool(all)[0]?.advice ?? "", /update the exporter before the apps/);
  assert.match(lostToSinks(all)[0]?.advice ?? "", /kernel's log/);
});

test("a reason that is not known says where to look", () => {
  for (const reason of ["novel", "constructor"]) {
    assert.match(lostBeforeSpool(status({ [reason]: 1 }))[0]?.advice ?? "", /docs\/operations\.md/);
  }
});

test("a time that passed is told by its two largest units", () => {
  assert.deepEqual([5, 65, 3700, 90_000].map(ago), ["5 s ago", "1 min ago", "1 h 1 min ago", "1 d 1 h ago"]);
});
