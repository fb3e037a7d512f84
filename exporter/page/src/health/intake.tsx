// What comes in: events by where they come from, the rings of processes, and the spool.

import type { Status } from "../api/types.ts";
import { Sparkline } from "../charts/sparkline.tsx";
import { bytes, count, duration, short } from "../format.ts";
import { Name } from "../parts/name.tsx";
import { Bar, toneOf } from "./bar.tsx";
import { type Looks, rate, rates, spanOf, spanWords, total } from "./rates.ts";

const SHOWN_PRODUCERS = 12;

export function Intake({ status, looks }: { status: Status; looks: Looks }) {
  const events = (look: Status) => total(look.events);
  const sources = [...new Set([...Object.keys(status.events), ...Object.keys(status.unsampled)])].sort();
  return (
    <section class="panel stage">
      <h2>Intake</h2>
      <p class="amount">
        <span class="value">{perSecond(rate(looks, events))}</span>
        <Sparkline
          values={rates(looks, events)}
          label={`Events a second, over the ${spanWords(spanOf(looks))}`}
        />
      </p>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col" class="number">
              A second
            </th>
            <th scope="col" class="number">
              In all
            </th>
            <th scope="col" class="number">
              Not sampled
            </th>
          </tr>
        </thead>
        <tbody>
          {sources.map((source) => (
            <tr key={source}>
              <td>{source}</td>
              <td class="number">{number(rate(looks, (look) => look.events[source] ?? 0))}</td>
              <td class="number">{count(status.events[source] ?? 0)}</td>
              <td class="number soft">{count(status.unsampled[source] ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function Producers({ producers }: { producers: Status["producers"] }) {
  const fullest = producers.toSorted((one, other) => other.used_ratio - one.used_ratio);
  const rest = fullest.slice(SHOWN_PRODUCERS);
  return (
    <section class="panel stage">
      <h2>Rings</h2>
      <p class="soft hint">
        How full the ring of each process is. When one is full, new events of it are lost.
      </p>
      {producers.length === 0 && <p>No process has a ring open.</p>}
      <ul class="rings">
        {fullest.slice(0, SHOWN_PRODUCERS).map(({ name, used_ratio }) => (
          <li key={name}>
            <span class="process">
              <Name value={name} />
            </span>
            <Bar ratio={used_ratio} label={`Ring of ${name}`} />
          </li>
        ))}
      </ul>
      {rest.length > 0 && (
        <p class="soft hint">
          {count(rest.length)} more, each at most {Math.ceil((rest[0]?.used_ratio ?? 0) * 100)}% full.
        </p>
      )}
    </section>
  );
}

export function Spool({ spool }: { spool: Status["spool"] }) {
  const ratio = spool.max_bytes > 0 ? spool.bytes / spool.max_bytes : 0;
  const errors = Object.entries(spool.errors).filter(([, times]) => times > 0);
  return (
    <section class="panel stage">
      <h2>Spool</h2>
      <p class="soft hint">What was taken in, until every sink has it. When it is full, the oldest goes.</p>
      <Bar ratio={ratio} label="Spool" />
      <dl class="facts">
        <div>
          <dt>Size</dt>
          <dd>
            {bytes(spool.bytes)} of {bytes(spool.max_bytes)}
          </dd>
        </div>
        <div>
          <dt>Records</dt>
          <dd>{short(spool.records)}</dd>
        </div>
        <div>
          <dt>Oldest</dt>
          <dd>{duration(Math.round(spool.oldest_seconds * 1e9))}</dd>
        </div>
      </dl>
      {toneOf(ratio) !== "good" && (
        <p class="hint warn">Mend the sink that holds it, or raise spool.max_size: that holds at once.</p>
      )}
      {errors.map(([kind, times]) => (
        <p key={kind} class="hint bad">
          {count(times)} writes failed ({kind}):{" "}
          {kind === "disk_full" ? "make room on the disk of data_dir." : "see the kernel's log."}
        </p>
      ))}
    </section>
  );
}

/** "800 events/s". */
function perSecond(rate: number | null): string {
  return rate === null ? "…" : `${number(rate)} events/s`;
}

/** Few digits: "0.4", "12", "1.2K". */
export function number(rate: number | null): string {
  if (rate === null) return "…";
  return rate > 0 && rate < 10 ? rate.toFixed(1) : short(Math.round(rate));
}
