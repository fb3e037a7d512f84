// All that is known of an event and stands on no other side of it.

import { Text } from "../../parts/text.tsx";
import { sessionHref } from "../../sessions/address.ts";
import { BodyView } from "./body-view.tsx";
import type { Body, Event } from "./event.ts";
import { type Fact, Facts, factsOf, membersWithout } from "./facts.tsx";
import { sizeOf } from "./json.ts";

const ELSEWHERE =
  "schema request response input output query llm otel error proxy websocket duration_ns first_byte_ns user_id session_id metadata trace_metadata".split(
    " ",
  );
/** More than these are for a tree, which shows them bit by bit. */
const MOST_FACTS = 100;
const OF_MODEL_ELSEWHERE =
  "input output usage cost cost_usd estimated first_token_ns tokens_per_second".split(" ");

export function MetadataView({ event }: { event: Event }) {
  const all = event as unknown as Record<string, unknown>;
  return (
    <div class="metadata">
      <Facts title="Event" facts={[...whose(all), ...factsOf(membersWithout(all, ELSEWHERE))]} />
      <More name="Metadata" value={all.metadata} />
      <More name="Metadata of the trace" value={all.trace_metadata} />
      {event.llm && <Facts title="Model" facts={factsOf(membersWithout(event.llm, OF_MODEL_ELSEWHERE))} />}
      {event.otel && <Facts title="OpenTelemetry" facts={factsOf(event.otel)} />}
    </div>
  );
}

function whose({ user_id: user, session_id: session }: Record<string, unknown>): Fact[] {
  const facts: Fact[] = [];
  if (typeof user === "string") {
    const href = `/sessions?${new URLSearchParams({ user })}`;
    facts.push({ name: "user_id", value: <Reference href={href} text={user} /> });
  }
  if (typeof session === "string") {
    facts.push({ name: "session_id", value: <Reference href={sessionHref(session)} text={session} /> });
  }
  return facts;
}

function Reference({ href, text }: { href: string; text: string }) {
  return (
    <a href={href}>
      <Text value={text} limit={500} />
    </a>
  );
}

/** Of an exchange it is an object, of a span a body. */
function More({ name, value }: { name: string; value: unknown }) {
  if (typeof value !== "object" || value === null) return null;
  if ("head" in value && "kept" in value) return <BodyView body={value as Body} label={name} />;
  if ((sizeOf(value) ?? 0) <= MOST_FACTS) return <Facts title={name} facts={factsOf({ ...value })} />;
  return <Facts title={name} facts={factsOf({ all: value })} />;
}
