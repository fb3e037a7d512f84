// Where events go, and how each of these places is.

import type { SinkStatus, Status } from "../api/types.ts";
import { Sparkline } from "../charts/sparkline.tsx";
import { count, duration } from "../format.ts";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { number } from "./intake.tsx";
import { type Looks, rate, spanOf, spanWords, total } from "./rates.ts";

const PROBLEM_LIMIT = 500;

// Those that need somebody come first.
const STATES: Record<SinkStatus["state"], { tone: string; rank: number; means: string }> = {
  blocked: { tone: "bad", rank: 0, means: "It fails until somebody puts something right." },
  retrying: {
    tone: "warn",
    rank: 1,
    means: "It fails for a reason that may pass by itself, and tries again.",
  },
  starting: { tone: "soft", rank: 2, means: "Nothing was delivered yet, and nothing is wrong." },
  ok: { tone: "good", rank: 3, means: "It delivers." },
};

export function Sinks({ sinks, looks }: { sinks: SinkStatus[]; looks: Looks }) {
  const inOrder = sinks.toSorted((one, other) => STATES[one.state].rank - STATES[other.state].rank);
  return (
    <section class="panel sinks">
      <h2>Sinks</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard too. */}
      <section class="scroll" tabIndex={0} aria-label="Sinks, as a table">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Sink</th>
              <th scope="col">State</th>
              <th scope="col" class="number">
                Lag
              </th>
              <th scope="col">
                <span class="only-read">Lag lately</span>
              </th>
              <th scope="col" class="number">
                Backlog
              </th>
              <th scope="col" class="number">
                Sent/s
              </th>
              <th scope="col" class="number">
                Errors/s
              </th>
              <th scope="col" class="number">
                Dropped
              </th>
              <th scope="col" class="number">
                Dead letters
              </th>
              <th scope="col" class="number">
                In flight
              </th>
            </tr>
          </thead>
          {inOrder.map((sink) => (
            <Sink key={sink.name} sink={sink} looks={looks} />
          ))}
        </table>
      </section>
    </section>
  );
}

function Sink({ sink, looks }: { sink: SinkStatus; looks: Looks }) {
  const { tone, means } = STATES[sink.state];
  const of = (look: Status) => look.sinks.find(({ name }) => name === sink.name);
  const dropped = total(sink.dropped);
  return (
    <tbody class={sink.state}>
      <tr>
        <th scope="row">
          {sink.name} <span class="soft">{sink.type}</span>
        </th>
        <td>
          <span class={`state ${tone}`} title={means}>
            {sink.state}
          </span>
        </td>
        <td class="number">{duration(Math.round(sink.lag_seconds * 1e9))}</td>
        <td>
          <Sparkline
            values={looks.map((look) => of(look)?.lag_seconds ?? 0)}
            label={`Lag of ${sink.name} over the ${spanWords(spanOf(looks))}`}
          />
        </td>
        <td class="number">{count(sink.backlog_events)}</td>
        <td class="number">{number(rate(looks, (look) => of(look)?.sent ?? 0))}</td>
        <td class="number">{errorsShown(rate(looks, (look) => total(of(look)?.errors ?? {})))}</td>
        <td class={dropped > 0 ? "number bad" : "number soft"}>{count(dropped)}</td>
        <td class={sink.dead_letters > 0 ? "number warn" : "number soft"}>{count(sink.dead_letters)}</td>
        <td class="number soft">{sink.concurrency > 0 ? `${sink.in_flight}/${sink.concurrency}` : "–"}</td>
      </tr>
      <Remarks sink={sink} />
    </tbody>
  );
}

function errorsShown(rate: number | null) {
  return rate === 0 ? <span class="soft">0</span> : <span class="bad">{number(rate)}</span>;
}

/** What is to be said of a sink beside its numbers. */
function Remarks({ sink }: { sink: SinkStatus }) {
  const { problem, since, retry_at: retryAt, dead_letters: letters } = sink;
  const errors = byKind(sink.errors);
  const dropped = byKind(sink.dropped);
  if (problem === null && errors === "" && dropped === "" && letters === 0) return null;
  return (
    <tr class="remarks">
      <td colSpan={10}>
        {problem !== null && (
          <p>
            <Text value={problem} limit={PROBLEM_LIMIT} />
            <span class="soft">
              {since !== null && (
                <>
                  {" "}
                  Since <When time={since} />
                </>
              )}
              {retryAt !== null && `; it tries again ${untilWords(retryAt)}`}.
            </span>
          </p>
        )}
        {errors !== "" && <p class="soft">Failed attempts in all: {errors}.</p>}
        {dropped !== "" && <p class="soft">Dropped: {dropped}.</p>}
        {letters > 0 && (
          <p class="soft">
            {count(letters)} dead {letters === 1 ? "letter" : "letters"}:{" "}
            <code>offpath dead-letters list --sink {sink.name}</code> says why.
          </p>
        )}
      </td>
    </tr>
  );
}

function byKind(counts: Record<string, number>): string {
  return Object.entries(counts)
    .filter(([, times]) => times > 0)
    .map(([kind, times]) => `${count(times)} ${kind}`)
    .join(", ");
}

function untilWords(time: string): string {
  const seconds = Math.ceil((Date.parse(time) - Date.now()) / 1000);
  return seconds > 0 ? `in ${seconds} s` : "now";
}
