// One event: why it failed, then its sides, one at a time.

import { useMemo } from "preact/hooks";
import { getText } from "../../api/client.ts";
import type { Row } from "../../api/types.ts";
import { CopyButton } from "../../parts/copy.tsx";
import { Show, useLoaded } from "../../parts/loaded.tsx";
import { Text } from "../../parts/text.tsx";
import { ConversationView } from "./conversation.tsx";
import { curlOf } from "./curl.ts";
import type { Event } from "./event.ts";
import { problemsOf } from "./failure.ts";
import { HttpView } from "./http.tsx";
import { InputOutput } from "./input-output.tsx";
import { MetadataView } from "./metadata.tsx";
import { RawView } from "./raw.tsx";
import { chosenSide, conversationOf, sidesOf } from "./sides.ts";
import { Tabs } from "./tabs.tsx";
import { TimingView } from "./timing.tsx";

interface Props {
  row: Row;
  /** The side that the address names. */
  tab: string | undefined;
}

export function Detail({ row, tab }: Props) {
  const loaded = useLoaded((signal) => getText(`events/${row.id}`, signal), [row.id]);
  return (
    <div class="detail">
      <Show of={loaded} what="the event">
        {(json) => <Loaded json={json} tab={tab} />}
      </Show>
    </div>
  );
}

function Loaded({ json, tab }: { json: string; tab: string | undefined }) {
  const { event, conversation, sides } = useMemo(() => {
    const event = JSON.parse(json) as Event;
    const conversation = conversationOf(event);
    return { event, conversation, sides: sidesOf(event, conversation) };
  }, [json]);
  const chosen = chosenSide(sides, tab);
  return (
    <>
      <Problems event={event} />
      <div class="actions">
        {event.request && <CopyButton value={() => curlOf(event)} label="Copy as curl" />}
        <CopyButton value={json} label="Copy as JSON" />
      </div>
      {/* What is opened and scrolled is of one event. */}
      <Tabs key={event.id} sides={sides} chosen={chosen}>
        {chosen === "conversation" && conversation !== null && (
          <ConversationView event={event} conversation={conversation} />
        )}
        {chosen === "io" && <InputOutput event={event} />}
        {chosen === "http" && <HttpView event={event} />}
        {chosen === "timing" && <TimingView event={event} />}
        {chosen === "metadata" && <MetadataView event={event} />}
        {chosen === "raw" && <RawView json={json} />}
      </Tabs>
    </>
  );
}

function Problems({ event }: { event: Event }) {
  const problems = problemsOf(event);
  if (problems.length === 0) return null;
  return (
    <section class="note bad problems" aria-label="What went wrong">
      <dl>
        {problems.map(({ title, text }, index) => (
          <div key={index}>
            <dt>
              <Text value={title} limit={200} />
            </dt>
            {text !== null && (
              <dd>
                <Text value={text} limit={2_000} block />
              </dd>
            )}
          </div>
        ))}
      </dl>
    </section>
  );
}
