// The view "Overview": how much there is, how fast it is, what it costs, and where it fails.

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { useLocation } from "preact-iso";
import { get } from "../api/client.ts";
import type { Facets, Overview } from "../api/types.ts";
import type { Frame } from "../charts/frame.ts";
import { Heading } from "../parts/heading.tsx";
import { Empty, Show, useLoaded } from "../parts/loaded.tsx";
import { useRefresh } from "../parts/refresh.ts";
import { overviewHref, parseShown, type Shown } from "./address.ts";
import { Controls } from "./controls.tsx";
import { Figures } from "./figures.tsx";
import { middles } from "./lines.ts";
import { Panels } from "./panels.tsx";
import { boundsOf, rangeWords, rfc3339, zoom } from "./range.ts";
import { Tables } from "./tables.tsx";

const REFRESH_MS = 10_000;

export function OverviewView() {
  const { url, query } = useLocation();
  // The query is made of the address, anew each time.
  const shown = useMemo(() => parseShown(query), [url]);
  const overview = useLoaded((signal) => get<Overview>("overview", overviewQuery(shown), signal), [url]);
  const facets = useLoaded((signal) => get<Facets>("facets", boundsQuery(shown), signal), [url]);
  useRefresh(overview.reload, overview.loading, "last" in shown.range ? REFRESH_MS : null);
  return (
    <div class="overview">
      <header class="top">
        <Heading title="Overview">
          Overview <small class="soft">{rangeWords(shown.range)}</small>
        </Heading>
        <Controls shown={shown} facets={facets.value ?? null} />
      </header>
      <Show of={overview} what="the overview">
        {(value) => <Content overview={value} shown={shown} />}
      </Show>
    </div>
  );
}

function Content({ overview, shown }: { overview: Overview; shown: Shown }) {
  const frame = useFrame(overview, shown);
  const isEmpty = overview.all.total.requests === 0 && overview.models.length === 0;
  return (
    <>
      <Figures overview={overview} of={shown.of} />
      {isEmpty ? (
        <Empty title="Nothing was recorded in this time">
          <p class="soft">
            Choose a longer time, or fewer filters. If nothing comes at all, Health says why.
          </p>
        </Empty>
      ) : (
        <>
          <Panels overview={overview} frame={frame} shown={shown} />
          <Tables overview={overview} bounds={frame} shown={shown} />
        </>
      )}
    </>
  );
}

function useFrame(overview: Overview, shown: Shown): Frame {
  const { route } = useLocation();
  const pointed = useSignal<number | null>(null);
  return useMemo(() => {
    const { times, step_seconds: step } = overview;
    const from = times[0] ?? Date.parse(overview.from) / 1000;
    return {
      times: middles(overview),
      step,
      from,
      to: (times.at(-1) ?? from) + step,
      pointed,
      zoom: (left, right) => route(overviewHref({ ...shown, range: zoom(left, right, step) })),
    };
  }, [overview, shown, pointed, route]);
}

function overviewQuery(shown: Shown) {
  return { ...boundsQuery(shown), ...shown.chosen, of: shown.of };
}

function boundsQuery({ range }: Shown) {
  const { from, to } = boundsOf(range, Date.now() / 1000);
  return { from: rfc3339(from), to: rfc3339(to) };
}
