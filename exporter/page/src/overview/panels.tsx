// The charts of the overview.

import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Overview } from "../api/types.ts";
import { Chart } from "../charts/chart.tsx";
import type { Frame } from "../charts/frame.ts";
import { HeatMap } from "../charts/heat-map.tsx";
import { plainName } from "../charts/names.ts";
import { assignSlots, type Series, sum } from "../charts/series.ts";
import { count, dollars, duration, short } from "../format.ts";
import { durationQuery, eventsHref, type Shown } from "./address.ts";
import {
  byModel,
  byRoute,
  firstTokens,
  modelKey,
  percentiles,
  routeKey,
  routeName,
  type Slots,
  slowestByRoute,
  type Tokens,
  tokensOf,
} from "./lines.ts";

export interface PanelsProps {
  overview: Overview;
  frame: Frame;
  shown: Shown;
}

export function Panels({ overview, frame, shown }: PanelsProps) {
  const routes = useSlots(overview.routes.filter(({ other }) => !other).map(routeKey));
  const models = useSlots(overview.models.filter(({ other }) => !other).map(modelKey));
  const requests = useMemo(() => byRoute(overview, routes, (route) => route.requests), [overview, routes]);
  const errors = useMemo(() => byRoute(overview, routes, (route) => route.errors), [overview, routes]);
  const slowest = useMemo(() => slowestByRoute(overview, routes), [overview, routes]);
  const [what, where] = shown.of === "calls" ? ["Calls", "host"] : ["Requests", "route"];
  return (
    <div class="panels">
      <Sums title={`${what} by ${where}`} frame={frame} series={requests} />
      <Sums title="Errors" frame={frame} series={errors} />
      <Latency overview={overview} frame={frame} />
      <Durations overview={overview} frame={frame} shown={shown} />
      <Chart
        title={`P95 by ${where}`}
        frame={frame}
        series={slowest.series}
        totals={slowest.totals}
        shape="lines"
        scale="duration"
        format={duration}
      />
      {overview.models.length > 0 && <ModelPanels overview={overview} frame={frame} slots={models} />}
    </div>
  );
}

function ModelPanels({ overview, frame, slots }: { overview: Overview; frame: Frame; slots: Slots }) {
  const cost = useMemo(() => byModel(overview, slots, (model) => model.cost_usd), [overview, slots]);
  const first = useMemo(() => firstTokens(overview, slots), [overview, slots]);
  return (
    <>
      <Chart
        title="Time to first token (P50 dashed)"
        frame={frame}
        series={first.series}
        totals={first.totals}
        shape="lines"
        scale="duration"
        format={duration}
      />
      <TokensPanel overview={overview} frame={frame} slots={slots} />
      <Sums title="Cost by model" frame={frame} series={cost} format={dollars} />
    </>
  );
}

function TokensPanel({ overview, frame, slots }: { overview: Overview; frame: Frame; slots: Slots }) {
  const which = useSignal<Tokens>("all");
  const { value } = which;
  const series = useMemo(
    () => byModel(overview, slots, (model) => tokensOf(model, value)),
    [overview, slots, value],
  );
  return (
    <Sums title="Tokens by model" frame={frame} series={series}>
      <Switch
        label="Which tokens"
        options={["all", "in", "out"]}
        value={value}
        choose={(chosen) => {
          which.value = chosen;
        }}
      />
    </Sums>
  );
}

function Latency({ overview, frame }: { overview: Overview; frame: Frame }) {
  const key = useSignal("");
  const { value } = key;
  const { series, totals } = useMemo(() => percentiles(overview, value), [overview, value]);
  const routes = overview.routes.filter(({ other }) => !other);
  return (
    <Chart
      title="Latency"
      frame={frame}
      series={series}
      totals={totals}
      shape="lines"
      scale="duration"
      format={duration}
    >
      {routes.length > 1 && (
        <select
          class="field"
          aria-label="Route of the latency chart"
          value={value}
          onChange={(event) => {
            key.value = event.currentTarget.value;
          }}
        >
          <option value="">all routes</option>
          {routes.map((route) => (
            <option key={routeKey(route)} value={routeKey(route)}>
              {plainName(routeName(route))}
            </option>
          ))}
        </select>
      )}
    </Chart>
  );
}

function Durations({ overview, frame, shown }: PanelsProps) {
  const { route } = useLocation();
  return (
    <HeatMap
      title="Distribution of latency"
      frame={frame}
      heat={overview.heat}
      choose={(cell, from, to) => route(eventsHref(shown, { from, to }, durationQuery(cell)))}
      href={(cell) => eventsHref(shown, frame, durationQuery(cell))}
    />
  );
}

// Small sums have cents all along the axis, large ones none.
function dollarTick(usd: number): string {
  return usd >= 0.1 && usd < 10 ? `$${usd.toFixed(2)}` : dollars(usd).replace(/\.00$/, "");
}

interface SumsProps {
  title: string;
  frame: Frame;
  series: Series[];
  format?: (value: number | null) => string;
  children?: preact.ComponentChildren;
}

/** Sums that stand on one another. */
function Sums({ title, frame, series, format = count, children }: SumsProps) {
  return (
    <Chart
      title={title}
      frame={frame}
      series={series}
      totals={series.map(({ values }) => sum(values))}
      shape="bars"
      scale="linear"
      format={format}
      short={format === count ? short : dollarTick}
      isWhole={format === count}
    >
      {children}
    </Chart>
  );
}

interface SwitchProps<T extends string> {
  label: string;
  options: readonly T[];
  value: T;
  choose: (option: T) => void;
}

export function Switch<T extends string>({ label, options, value, choose }: SwitchProps<T>) {
  return (
    <fieldset class="switch">
      <legend class="only-read">{label}</legend>
      {options.map((option) => (
        <button
          key={option}
          type="button"
          class="button"
          aria-pressed={option === value}
          onClick={() => choose(option)}
        >
          {option}
        </button>
      ))}
    </fieldset>
  );
}

// Colours stay with what they stand for when the order changes from one look to the next.
function useSlots(keys: string[]): Slots {
  const slots = useRef<Slots>(new Map());
  const text = keys.join("\n");
  return useMemo(() => {
    slots.current = assignSlots(slots.current, text === "" ? [] : text.split("\n"));
    return slots.current;
  }, [text]);
}
