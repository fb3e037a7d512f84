import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelSeries, Overview, RouteSeries } from "../api/types.ts";
import { byRoute, firstTokens, middles, percentiles, routeKey, slowestByRoute, tokensOf } from "./lines.ts";

function route(name: string | null, requests: number[], other = false): RouteSeries {
  const none = requests.map(() => null);
  const total = { p50_ns: 1, p95_ns: 2, p99_ns: 3 };
  const made = {
    service: "shop",
    route: name,
    other,
    requests,
    p50_ns: none,
    p95_ns: none,
    p99_ns: none,
    total,
  };
  return made as unknown as RouteSeries;
}

function model(name: string, first: number | null): ModelSeries {
  const total = { first_token_p50_ns: first, first_token_p95_ns: first };
  return {
    system: null,
    model: name,
    other: false,
    input_tokens: [1, 2],
    output_tokens: [10, 20],
    total,
  } as ModelSeries;
}

function overview(routes: RouteSeries[], models: ModelSeries[] = []): Overview {
  return {
    times: [0, 60],
    step_seconds: 60,
    all: route(null, [0, 0]),
    routes,
    models,
  } as unknown as Overview;
}

const slotsOf = (...routes: RouteSeries[]) => new Map(routes.map((each, at) => [routeKey(each), at + 1]));

test("a value stands in the middle of its step", () => {
  assert.deepEqual(middles(overview([])), [30, 90]);
});

test("the same route of two services is two", () => {
  const here = route("/chat", [1, 1]);
  assert.notEqual(routeKey(here), routeKey({ ...here, service: "other" }));
});

test("requests without a route have a name that says so", () => {
  const none = route(null, [1, 2]);
  assert.equal(byRoute(overview([none]), slotsOf(none), (each) => each.requests)[0]?.name, "(no route)");
});

test("the rest of routes has no percentile", () => {
  const first = route("/a", [1, 2]);
  const { series } = slowestByRoute(overview([first, route(null, [5, 5], true)]), slotsOf(first));
  assert.deepEqual(
    series.map(({ name }) => name),
    ["/a"],
  );
});

test("percentiles of a route that has gone are those of all", () => {
  const { totals } = percentiles(overview([]), "gone");
  assert.deepEqual(totals, [3, 2, 1]);
});

test("a model that tells no first token has no line of it", () => {
  const both = overview([], [model("a", 5), model("b", null)]);
  const slots = new Map([
    ['[null,"a"]', 1],
    ['[null,"b"]', 2],
  ]);
  assert.deepEqual(
    firstTokens(both, slots).series.map(({ name, part }) => `${name} ${part}`),
    ["a P95", "a P50"],
  );
});

test("tokens are those in, those out, or both", () => {
  const tokens = model("a", 1);
  assert.deepEqual(tokensOf(tokens, "in"), [1, 2]);
  assert.deepEqual(tokensOf(tokens, "out"), [10, 20]);
  assert.deepEqual(tokensOf(tokens, "all"), [11, 22]);
});
