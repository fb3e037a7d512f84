// What stands where the list has no rows.

import { Empty } from "../parts/loaded.tsx";
import { type Filter, RANGES } from "./filter.ts";

export function NoRows({ filter, isLive }: { filter: Filter; isLive: boolean }) {
  if (Object.keys(filter).length === 0) return <NothingRecorded />;
  const range = filter.range as keyof typeof RANGES | undefined;
  return (
    <Empty
      title={
        range === undefined ? "Nothing matches" : `Nothing matches in the ${RANGES[range].toLowerCase()}`
      }
    >
      {filter.top === undefined && <p>Only requests are looked for. Spans and calls are in “Everything”.</p>}
      {isLive && <p>What matches from now on will show here.</p>}
      <p>
        <a class="button" href="/">
          Clear the filter
        </a>
      </p>
    </Empty>
  );
}

function NothingRecorded() {
  return (
    <Empty title="Nothing is recorded yet">
      <p>Run an app under the exporter:</p>
      <pre>offpath run -- uvicorn main:app</pre>
      <p>or add the middleware to an app that runs beside it:</p>
      <pre>{"from offpath import OffpathMiddleware\n\napp.add_middleware(OffpathMiddleware)"}</pre>
      <p>Then send it a request. This page waits for it, and will show it as it comes.</p>
    </Empty>
  );
}
