// The sums by route and by model. They tell the same as the charts, in numbers.

import type { ModelSeries, Overview, RouteSeries } from "../api/types.ts";
import { count, dollars, duration, short } from "../format.ts";
import { Name } from "../parts/name.tsx";
import { type Choice, eventsHref, overviewHref, type Shown } from "./address.ts";
import { share } from "./figures.tsx";
import { modelKey, modelName, routeKey, routeName } from "./lines.ts";
import type { Bounds } from "./range.ts";
import { type Column, Table } from "./table.tsx";

interface TablesProps {
  overview: Overview;
  bounds: Bounds;
  shown: Shown;
}

export function Tables({ overview, bounds, shown }: TablesProps) {
  const isCalls = shown.of === "calls";
  return (
    <div class="tables">
      <Table
        title={isCalls ? "Hosts" : "Routes"}
        rows={overview.routes}
        keyOf={routeKey}
        columns={routeColumns(shown, bounds)}
        by={isCalls ? "Calls" : "Requests"}
      />
      {overview.models.length > 0 && (
        <Table
          title="Models"
          rows={overview.models}
          keyOf={modelKey}
          columns={modelColumns(shown, bounds)}
          by="Calls"
        />
      )}
    </div>
  );
}

function routeColumns(shown: Shown, bounds: Bounds): Column<RouteSeries>[] {
  const isCalls = shown.of === "calls";
  return [
    {
      name: isCalls ? "Host" : "Route",
      isText: true,
      value: routeName,
      show: (row) => (
        <FirstCell
          shown={shown}
          bounds={bounds}
          name={routeName(row)}
          beside={row.service}
          choice="route"
          value={row.other ? null : row.route}
        />
      ),
    },
    number(isCalls ? "Calls" : "Requests", ({ total }) => total.requests, count),
    ...errorColumns<RouteSeries>(({ total }) => [total.errors, total.requests]),
    number("P50", ({ total }) => total.p50_ns, duration),
    number("P95", ({ total }) => total.p95_ns, duration),
    number("P99", ({ total }) => total.p99_ns, duration),
    number("Tokens in", ({ total }) => total.input_tokens, shortOrNone),
    number("Tokens out", ({ total }) => total.output_tokens, shortOrNone),
    number("Cost", ({ total }) => total.cost_usd || null, dollars),
  ];
}

function modelColumns(shown: Shown, bounds: Bounds): Column<ModelSeries>[] {
  return [
    {
      name: "Model",
      isText: true,
      value: modelName,
      show: (row) => (
        <FirstCell
          shown={shown}
          bounds={bounds}
          name={modelName(row)}
          beside={row.system}
          choice="model"
          value={row.other ? null : row.model}
        />
      ),
    },
    number("Calls", ({ total }) => total.calls, count),
    ...errorColumns<ModelSeries>(({ total }) => [total.errors, total.calls]),
    number("P50", ({ total }) => total.p50_ns, duration),
    number("P95", ({ total }) => total.p95_ns, duration),
    number("First token P50", ({ total }) => total.first_token_p50_ns, duration),
    number("First token P95", ({ total }) => total.first_token_p95_ns, duration),
    number("Tokens in", ({ total }) => total.input_tokens, shortOrNone),
    number("Tokens out", ({ total }) => total.output_tokens, shortOrNone),
    number("Cost", ({ total }) => total.cost_usd || null, dollars),
  ];
}

function number<T>(
  name: string,
  value: (row: T) => number | null,
  format: (value: number | null) => string,
): Column<T> {
  return { name, value, show: (row) => format(value(row)) };
}

function errorColumns<T>(errorsOf: (row: T) => [errors: number, all: number]): Column<T>[] {
  return [
    {
      name: "Errors",
      value: (row) => {
        const [errors, all] = errorsOf(row);
        return all === 0 ? null : errors / all;
      },
      show: (row) => {
        const [errors, all] = errorsOf(row);
        if (errors === 0) return <span class="soft">0</span>;
        return (
          <>
            <span class="soft">{count(errors)}</span> <span class="bad">{share(errors, all)}</span>
          </>
        );
      },
    },
  ];
}

function shortOrNone(value: number | null): string {
  return value ? short(value) : "–";
}

interface FirstCellProps {
  shown: Shown;
  bounds: Bounds;
  name: string;
  /** The service, or who makes the model. */
  beside: string | null;
  choice: Choice;
  /** What to filter by; null where there is no filter for it. */
  value: string | null;
}

function FirstCell({ shown, bounds, name, beside, choice, value }: FirstCellProps) {
  const chosen = { ...shown.chosen, ...(value !== null && { [choice]: value }) };
  const isChosen = shown.chosen[choice] === value;
  const seen = shown.of === "calls" || choice === "model" ? "see calls" : "see requests";
  return (
    <span class="name">
      {value === null || isChosen ? (
        <Name value={name} />
      ) : (
        <a href={overviewHref({ ...shown, chosen })} title="Only this one">
          <Name value={name} />
        </a>
      )}
      {beside !== null && (
        <span class="soft">
          <Name value={beside} />
        </span>
      )}
      {value !== null && (
        <a class="see" href={eventsHref({ ...shown, chosen }, bounds, modelMore(choice))}>
          {seen}
          <span class="only-read"> of {name}</span>
        </a>
      )}
    </span>
  );
}

// What a model was asked may be deep in a trace.
function modelMore(choice: Choice): Record<string, string | undefined> {
  return choice === "model" ? { top: "false" } : {};
}
