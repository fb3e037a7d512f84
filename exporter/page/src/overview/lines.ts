// From what the API answers to the lines of each chart.

import type { ModelSeries, Overview, RouteSeries } from "../api/types.ts";
import { bySlot, type Part, type Series, withRest } from "../charts/series.ts";

export type Slots = ReadonlyMap<string, number>;

/** What a route is told apart by: two services may have the same one. */
export function routeKey({ service, route, other }: RouteSeries): string {
  return other ? "other" : JSON.stringify([service, route]);
}

export function routeName({ route, other }: RouteSeries): string {
  return other ? "Other" : (route ?? "(no route)");
}

export function modelKey({ system, model, other }: ModelSeries): string {
  return other ? "other" : JSON.stringify([system, model]);
}

export function modelName({ model, other }: ModelSeries): string {
  return other ? "Other" : (model ?? "(no model)");
}

/** The middle of each step, where its values stand. */
export function middles({ times, step_seconds: step }: Overview): number[] {
  return times.map((time) => time + step / 2);
}

/** Sums by route: those that have a colour, and the rest. */
export function byRoute(
  overview: Overview,
  slots: Slots,
  values: (route: RouteSeries) => number[],
): Series[] {
  return withRest(
    overview.routes.map((route): Part => part(routeKey(route), routeName(route), route.other, values(route))),
    slots,
  );
}

/** Sums by model: those that have a colour, and the rest. */
export function byModel(
  overview: Overview,
  slots: Slots,
  values: (model: ModelSeries) => number[],
): Series[] {
  return withRest(
    overview.models.map((model): Part => part(modelKey(model), modelName(model), model.other, values(model))),
    slots,
  );
}

/** P95 of each route that has a colour. Of the rest there is none: percentiles cannot be put together. */
export function slowestByRoute(
  overview: Overview,
  slots: Slots,
): { series: Series[]; totals: (number | null)[] } {
  const routes = coloured(overview.routes, slots, routeKey);
  return {
    series: routes.map(({ row, key, slot }) => ({ key, name: routeName(row), slot, values: row.p95_ns })),
    totals: routes.map(({ row }) => row.total.p95_ns),
  };
}

/** P50, P95 and P99 of all, or of the route of that key. */
export function percentiles(
  overview: Overview,
  key: string,
): { series: Series[]; totals: (number | null)[] } {
  const { p50_ns, p95_ns, p99_ns, total } =
    overview.routes.find((route) => routeKey(route) === key) ?? overview.all;
  return {
    series: [
      { key: "p99", name: "P99", slot: 5, values: p99_ns },
      { key: "p95", name: "P95", slot: 3, values: p95_ns },
      { key: "p50", name: "P50", slot: 1, values: p50_ns },
    ],
    totals: [total.p99_ns, total.p95_ns, total.p50_ns],
  };
}

/** Time to first token: of each model a line for P95, and a dashed one for P50. Without models that tell none. */
export function firstTokens(
  overview: Overview,
  slots: Slots,
): { series: Series[]; totals: (number | null)[] } {
  const telling = overview.models.filter(({ total }) => total.first_token_p50_ns !== null);
  const models = coloured(telling, slots, modelKey);
  const series = models.flatMap(({ row, key, slot }): Series[] => {
    const name = modelName(row);
    return [
      { key: `${key} p95`, name, part: "P95", slot, values: row.first_token_p95_ns },
      { key: `${key} p50`, name, part: "P50", slot, values: row.first_token_p50_ns, dashed: true },
    ];
  });
  const totals = models.flatMap(({ row: { total } }) => [total.first_token_p95_ns, total.first_token_p50_ns]);
  return { series, totals };
}

/** Those that have a colour, in the order of these. */
function coloured<T>(rows: T[], slots: Slots, keyOf: (row: T) => string) {
  return rows
    .map((row) => ({ row, key: keyOf(row), slot: slots.get(keyOf(row)) ?? 0 }))
    .filter(({ slot }) => slot > 0)
    .sort(bySlot);
}

/** Which tokens: what was said to models, what they said, or both. */
export type Tokens = "all" | "in" | "out";

export function tokensOf({ input_tokens, output_tokens }: ModelSeries, which: Tokens): number[] {
  if (which === "in") return input_tokens;
  if (which === "out") return output_tokens;
  return input_tokens.map((tokens, index) => tokens + (output_tokens[index] ?? 0));
}

function part(key: string, name: string, other: boolean, values: number[]): Part {
  return { key, name, other, values };
}
