// A recorded body, by what it is, with what was cut out of it and masked in it made visible.

import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { bytes, count } from "../../format.ts";
import { Text } from "../../parts/text.tsx";
import { type Content, contentOf, lostWords, remarks } from "./body.ts";
import { hexDump } from "./bytes.ts";
import type { Body } from "./event.ts";
import { jsonOrNothing, kindOf } from "./json.ts";
import { JsonTree } from "./json-tree.tsx";
import { useShown } from "./shown.tsx";
import type { SseEvent, SsePart } from "./sse.ts";

export function BodyView({
  body,
  contentType,
  label = "Body",
  name = label,
}: {
  body: Body;
  contentType?: string | undefined;
  label?: string;
  /** What it is called among others. */
  name?: string;
}) {
  const content = useMemo(() => contentOf(body, contentType), [body, contentType]);
  const lost = lostWords(body);
  const said = remarks(body).join(" ");
  return (
    <section class="body" aria-label={name}>
      <div class="about-body">
        <h3>{label}</h3>
        <span class="soft">{body.size === 0 ? "empty" : bytes(body.size)}</span>
        <MaskedCount body={body} />
        {lost !== null && <span class="badge cut">{body.kept === 0 ? "not kept" : "not whole"}</span>}
      </div>
      {said !== "" && (
        <p class="remark">
          <Text value={said} limit={1_000} />
        </p>
      )}
      <Shown content={content} divider={lost !== null && <Divider words={lost} />} />
    </section>
  );
}

function MaskedCount({ body: { masked = 0 } }: { body: Body }) {
  if (masked === 0) return null;
  return (
    <span class="badge masked">{masked === 1 ? "1 value masked" : `${count(masked)} values masked`}</span>
  );
}

/** What a reader must not miss: here something is not there. */
function Divider({ words }: { words: string }) {
  return <p class="divider">{words}</p>;
}

interface ShownProps {
  content: Content;
  divider: ComponentChildren;
}

function Shown({ content, divider }: ShownProps) {
  switch (content.form) {
    case "none":
      return <>{divider}</>;
    case "json":
      return <JsonTree value={content.value} />;
    case "fields":
      return <Pairs label="Fields" pairs={content.fields} />;
    case "events":
      return (
        <>
          <EventList part={content.head} isNumbered />
          {divider}
          <EventList part={content.tail} isNumbered={false} />
        </>
      );
    case "bytes":
      return (
        <>
          <p class="soft">
            {bytes(content.bytes.length)} of it kept at its begin; the first{" "}
            {Math.min(512, content.bytes.length)}:
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard too. */}
          <pre class="hex" tabIndex={0}>
            {hexDump(content.bytes)}
          </pre>
          {divider}
        </>
      );
    case "text":
      return (
        <div class="plain-text">
          {content.head !== "" && <Text value={content.head} block />}
          {divider}
          {content.tail !== "" && <Text value={content.tail} block />}
        </div>
      );
  }
}

/** After a cut nobody knows how many came before. */
function EventList({ part, isNumbered }: { part: SsePart; isNumbered: boolean }) {
  const [shown, more] = useShown(part.events.length, "events");
  return (
    <>
      {part.before !== "" && <Torn text={part.before} />}
      {part.events.length > 0 && (
        <ol class={isNumbered ? "sse numbered" : "sse"}>
          {part.events.slice(0, shown).map((event, index) => (
            <li key={index}>
              <SseLine event={event} />
            </li>
          ))}
        </ol>
      )}
      {more}
      {part.after !== "" && more === null && <Torn text={part.after} />}
    </>
  );
}

/** What a cut left of an event. */
function Torn({ text }: { text: string }) {
  return (
    <div class="torn">
      <Text value={text} limit={2_000} block />
    </div>
  );
}

function SseLine({ event: { name, data } }: { event: SseEvent }) {
  const value = useMemo(() => jsonOrNothing(data), [data]);
  const isTree = kindOf(value) === "object" || kindOf(value) === "array";
  return (
    <>
      {name !== null && (
        <span class="badge">
          <Text value={name} limit={100} />
        </span>
      )}
      {isTree ? <JsonTree value={value} closed /> : <Text value={data} limit={2_000} block />}
    </>
  );
}

/** Names and values as a table; each may be of strangers. */
export function Pairs({ label, pairs }: { label: string; pairs: [name: string, value: string][] }) {
  const [shown, more] = useShown(pairs.length);
  return (
    <>
      <table class="table pairs" aria-label={label}>
        <colgroup>
          <col class="names" />
          <col />
        </colgroup>
        <thead class="only-read">
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {pairs.slice(0, shown).map(([name, value], index) => (
            <tr key={index}>
              <th scope="row">
                <Text value={name} limit={200} />
              </th>
              <td>
                <Text value={value} limit={500} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </>
  );
}
