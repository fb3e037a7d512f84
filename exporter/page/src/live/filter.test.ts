import assert from "node:assert/strict";
import { test } from "node:test";
import { type Filter, having, instantAfter, isOpen, parse, print, toQuery } from "./filter.ts";

const FILTERS: Filter[] = [
  {},
  { q: "Oslo & <b>50%</b> #1" },
  { range: "1h", failed: "true" },
  { from: "2026-11-20T08:00:00Z", to: "2026-11-20T09:00:00.5+01:00" },
  { route: "/api/items/{id}", status: "5xx", model: "gpt-4o", user: "ålice", session: " a b+c " },
  {
    top: "false",
    kind: "generation,tool",
    source: "sdk",
    service: "chat",
    environment: "test",
    method: "POST",
  },
  {
    min_duration_ms: "500",
    max_duration_ms: "2000.5",
    min_cost_usd: "0.01",
    max_cost_usd: "2",
    trace: "ab12",
  },
];
for (const filter of FILTERS) {
  test(`${print(filter)} opens the filter that it was made of`, () => {
    assert.deepEqual(parse(print(filter).slice(1)), filter);
  });
}

test("an address is readable", () => {
  assert.equal(
    print({ range: "1h", route: "/v1/chat", status: "5xx" }),
    "/?range=1h&route=/v1/chat&status=5xx",
  );
});

test("unknown parameters are kept out", () => {
  assert.deepEqual(parse("?utm_source=x&route=/a&__proto__=1&token=secret"), { route: "/a" });
});

for (const search of [
  "range=2y",
  "range=toString",
  "from=yesterday",
  "from=2026-11-20",
  "to=2026-13-40T00:00:00Z",
  "top=true",
  "failed=yes",
  "status=6xx",
  "status=20",
  "min_duration_ms=-1",
  "max_cost_usd=1e9x",
  "q=",
  "q=%20",
]) {
  test(`${search} filters nothing`, () => {
    assert.deepEqual(parse(search), {});
  });
}

test("a range takes the place of fixed times, and they of it", () => {
  const fixed: Filter = { from: "2026-11-20T08:00:00Z", to: "2026-11-20T09:00:00Z" };
  assert.deepEqual(having(fixed, "range", "6h"), { range: "6h" });
  assert.deepEqual(having({ range: "6h" }, "to", "2026-11-20T09:00:00Z"), { to: "2026-11-20T09:00:00Z" });
});

test("a filter is taken out by setting it to nothing", () => {
  assert.deepEqual(having({ route: "/a", q: "x" }, "route", undefined), { q: "x" });
  assert.deepEqual(having({ route: "/a", q: "x" }, "q", ""), { route: "/a" });
});

test("the API is asked for requests alone unless everything is wanted", () => {
  assert.deepEqual(toQuery({ q: "x" }, 0), { q: "x", top: true });
  assert.deepEqual(toQuery({ q: "x", top: "false" }, 0), { q: "x" });
});

test("a range is counted back from now", () => {
  const now = Date.parse("2026-11-20T08:00:00Z");
  assert.equal(toQuery({ range: "15m" }, now).from, "2026-11-20T07:45:00.000Z");
  assert.equal(toQuery({ range: "7d" }, now).from, "2026-11-13T08:00:00.000Z");
});

test("only a time that has an end is closed to what is new", () => {
  assert.equal(isOpen({ from: "2026-11-20T08:00:00Z" }), true);
  assert.equal(isOpen({ to: "2026-11-20T08:00:00Z" }), false);
});

test("the instant after is one nanosecond later", () => {
  assert.equal(instantAfter("2026-11-20T08:00:00.123456789Z"), "2026-11-20T08:00:00.123456790Z");
  assert.equal(instantAfter("2026-11-20T08:59:59.999999999Z"), "2026-11-20T09:00:00.000000000Z");
  assert.equal(instantAfter("2026-11-20T08:00:00Z"), "2026-11-20T08:00:00.000000001Z");
});
