/* The view trace. */
import { useLocation } from "preact-iso";
import { get } from "../api/client.ts";
import type { Trace } from "../api/types.ts";
import { Heading } from "../parts/heading.tsx";
import { Show, useLoaded } from "../parts/loaded.tsx";
import { Detail } from "./detail/detail.tsx";

export function TraceView({ traceId = "" }: { traceId?: string }) {
  const { query } = useLocation();
  const loaded = useLoaded((signal) => get<Trace>(`traces/${traceId}`, {}, signal), [traceId]);
  return (
    <>
      <Heading title="Trace" />
      <Show of={loaded} what="the trace">
        {({ events }) => {
          const row = events.find(({ id }) => id === query.event) ?? events[0];
          return row && <Detail row={row} tab={query.tab} />;
        }}
      </Show>
    </>
  );
}
