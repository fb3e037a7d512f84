import assert from "node:assert/strict";
import { test } from "node:test";
import { durationQuery, eventsHref, overviewHref, parseShown, type Shown } from "./address.ts";

const BOUNDS = {
  from: Date.parse("2026-11-20T08:00:00Z") / 1000,
  to: Date.parse("2026-11-20T09:00:00Z") / 1000,
};
const USUAL: Shown = { range: { last: "1h" }, chosen: {}, of: "requests" };

function queryOf(href: string): Record<string, string> {
  return Object.fromEntries(new URL(href, "http://localhost").searchParams);
}

test("what is usual has the shortest address", () => {
  assert.equal(overviewHref(USUAL), "/overview");
});

test("an address is read as it is written", () => {
  const shown: Shown = { range: BOUNDS, chosen: { route: "/a b?&=%2F", model: "gpt-4o" }, of: "calls" };
  assert.deepEqual(parseShown(queryOf(overviewHref(shown))), shown);
});

test("what an address has beside is passed over", () => {
  assert.deepEqual(parseShown({ of: "everything", service: "", colour: "red" }), USUAL);
});

test("requests are what the list shows unless told", () => {
  const query = queryOf(eventsHref(USUAL, BOUNDS, { route: "/chat" }));
  assert.deepEqual(query, {
    from: "2026-11-20T08:00:00Z",
    to: "2026-11-20T09:00:00Z",
    route: "/chat",
  });
});

test("calls are not what traces begin with, and are found by their host", () => {
  const query = queryOf(eventsHref({ ...USUAL, of: "calls" }, BOUNDS, { route: "api.example" }));
  assert.deepEqual(
    [query.top, query.source, query.q, query.route],
    ["false", "httpx,aiohttp", "api.example", undefined],
  );
});

test("what was chosen is a filter of the events too", () => {
  assert.equal(queryOf(eventsHref({ ...USUAL, chosen: { service: "shop" } }, BOUNDS)).service, "shop");
});

test("durations are milliseconds of few digits", () => {
  assert.deepEqual(durationQuery({ low: 1_414_213.562, high: 2e6 }), {
    min_duration_ms: "1.41421",
    max_duration_ms: "2",
  });
});
