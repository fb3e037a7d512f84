// How long it took until what, and what a model used and cost.

import { count, dollars, duration } from "../../format.ts";
import { phasesOf, usageOf } from "./amounts.ts";
import type { Event, Llm } from "./event.ts";
import { type Fact, Facts, factsOf } from "./facts.tsx";

export function TimingView({ event }: { event: Event }) {
  const { llm, proxy, websocket } = event;
  return (
    <div class="timing">
      <Times event={event} />
      {llm && <Usage llm={llm} />}
      {proxy && <Facts title="Proxy" facts={factsOf({ ...proxy })} />}
      {websocket && <Facts title="Websocket" facts={factsOf({ ...websocket })} />}
      {typeof event.grpc_status === "number" && (
        <Facts title="gRPC" facts={factsOf({ status: event.grpc_status })} />
      )}
    </div>
  );
}

function Times({ event }: { event: Event }) {
  const speed = event.llm?.tokens_per_second ?? null;
  const facts: Fact[] = phasesOf(event).map(({ name, ns, share }) => ({
    name,
    value: (
      <span class="phase">
        <span class="of-time">{duration(ns)}</span>
        <span class="track" aria-hidden="true">
          <span class="filled" style={{ width: `${share * 100}%` }} />
        </span>
      </span>
    ),
  }));
  if (speed !== null) facts.push({ name: "Tokens per second", value: speed.toFixed(1) });
  return <Facts title="Timing" facts={facts} />;
}

function Usage({ llm }: { llm: Llm }) {
  const { kinds, total } = usageOf(llm);
  if (kinds.length === 0 && total.tokens === null && total.usd === null) return null;
  return (
    <section class="facts-part" aria-label="Usage and cost">
      <h3>Usage and cost {llm.estimated && <span class="badge warn">estimated</span>}</h3>
      <table class="table usage">
        <thead>
          <tr>
            <th scope="col">Kind</th>
            <th scope="col" class="number">
              Tokens
            </th>
            <th scope="col" class="number">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {kinds.map(({ kind, tokens, usd }) => (
            <tr key={kind}>
              <th scope="row">{kind.replaceAll("_", " ")}</th>
              <td class="number">{count(tokens)}</td>
              <td class="number">{dollars(usd)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">total</th>
            <td class="number">{count(total.tokens)}</td>
            <td class="number">{dollars(total.usd)}</td>
          </tr>
        </tfoot>
      </table>
    </section>
  );
}
