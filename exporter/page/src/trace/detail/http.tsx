// The request and the response of an exchange, as they were sent.

import { useMemo } from "preact/hooks";
import { count } from "../../format.ts";
import { Text } from "../../parts/text.tsx";
import { BodyView, Pairs } from "./body-view.tsx";
import { type Event, type HttpMessage, header } from "./event.ts";

const LINE_LIMIT = 4_000;

export function HttpView({ event }: { event: Event }) {
  return (
    <div class="http">
      {event.request && <RequestView event={event} request={event.request} />}
      {event.response && <ResponseView event={event} response={event.response} />}
    </div>
  );
}

function RequestView({ event, request }: { event: Event; request: HttpMessage }) {
  const { method = "", scheme = "", host = "", path = "", query = "" } = event;
  const parameters = useMemo(() => [...new URLSearchParams(query)], [query]);
  return (
    <section class="half" aria-label="Request">
      <h2>Request</h2>
      <p class="start-line">
        <strong>
          <Text value={method} limit={100} />
        </strong>{" "}
        <span class="soft">
          <Text value={`${scheme}://${host}`} limit={500} />
        </span>
        <Text value={query === "" ? path : `${path}?${query}`} limit={LINE_LIMIT} /> <Version event={event} />
      </p>
      {parameters.length > 0 && (
        <div class="table-part">
          <h3>Query</h3>
          <Pairs label="Query" pairs={parameters} />
        </div>
      )}
      <Rest message={request} of="Request" />
    </section>
  );
}

function ResponseView({ event, response }: { event: Event; response: HttpMessage }) {
  return (
    <section class="half" aria-label="Response">
      <h2>Response</h2>
      <p class="start-line">
        <strong>{event.status ?? "No status"}</strong> <Version event={event} />
      </p>
      <Rest message={response} of="Response" />
    </section>
  );
}

function Version({ event: { http_version: version } }: { event: Event }) {
  if (version === null || version === undefined) return null;
  return (
    <span class="soft">
      <Text value={`HTTP/${version}`} limit={40} />
    </span>
  );
}

function Rest({ message, of }: { message: HttpMessage; of: string }) {
  const { headers, chunks, body } = message;
  return (
    <>
      <div class="table-part">
        <h3>Headers</h3>
        {headers.length > 0 ? (
          <Pairs label={`${of} headers`} pairs={headers} />
        ) : (
          <p class="soft">None are kept.</p>
        )}
      </div>
      <BodyView body={body} name={`${of} body`} contentType={header(message, "content-type")} />
      {chunks > 1 && <p class="soft chunks">It came in {count(chunks)} chunks.</p>}
    </>
  );
}
