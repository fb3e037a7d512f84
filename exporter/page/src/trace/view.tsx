// One trace: what happened in it on one axis of time, and the event that is chosen in the tree.

import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import { get } from "../api/client.ts";
import type { Trace } from "../api/types.ts";
import { Heading } from "../parts/heading.tsx";
import { Show, useLoaded } from "../parts/loaded.tsx";
import { Detail } from "./detail/detail.tsx";
import { Header } from "./header.tsx";
import { treeOf } from "./tree.ts";
import { Waterfall } from "./waterfall.tsx";

export function TraceView({ traceId = "" }: { traceId?: string }) {
  const trace = useLoaded(
    (signal) => get<Trace>(`traces/${encodeURIComponent(traceId)}`, {}, signal),
    [traceId],
  );
  return (
    <div class="trace">
      {trace.value === undefined && <Heading title="Trace" hidden />}
      <Show of={trace} what="the trace">
        {(loaded) => <Events key={loaded.trace_id} trace={loaded} />}
      </Show>
    </div>
  );
}

function Events({ trace }: { trace: Trace }) {
  const { query } = useRoute();
  const { path, route } = useLocation();
  const nodes = useMemo(() => treeOf(trace.events), [trace]);
  const root = nodes[0]?.row;
  const chosen = trace.events.find(({ id }) => id === query.event) ?? root;
  const choose = (id: string) => {
    const address = new URLSearchParams({ ...query, event: id });
    // Back leads to where one came from, not through all that was looked at.
    route(`${path}?${address}`, true);
  };
  const detail = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    // Who had scrolled down in another event begins this one at its top.
    if ((detail.current?.getBoundingClientRect().top ?? 0) < 0) detail.current?.scrollIntoView();
  }, [chosen?.id]);
  return (
    <>
      <Header trace={trace} root={root} />
      {query.event !== undefined && query.event !== chosen?.id && (
        <p class="note">The event of this address is not among those that are here. Another is shown.</p>
      )}
      <div class="columns">
        <Waterfall rows={trace.events} nodes={nodes} chosen={chosen?.id ?? ""} onChoose={choose} />
        <div class="chosen" ref={detail}>
          {chosen !== undefined && <Detail key={chosen.id} row={chosen} tab={query.tab} />}
        </div>
      </div>
    </>
  );
}
