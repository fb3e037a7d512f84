// The numbers that stand above all charts.

import type { Overview } from "../api/types.ts";
import { count, dollars, duration, short } from "../format.ts";
import type { Of } from "./address.ts";

export function Figures({ overview, of }: { overview: Overview; of: Of }) {
  const { total } = overview.all;
  const seconds = Math.max(1, (Date.parse(overview.to) - Date.parse(overview.from)) / 1000);
  return (
    <dl class="figures">
      <Figure name={of === "calls" ? "Calls" : "Requests"} value={count(total.requests)}>
        {perSecond(total.requests / seconds)}
      </Figure>
      <Figure name="Errors" value={share(total.errors, total.requests)} isBad={total.errors > 0}>
        {count(total.errors)} failed
      </Figure>
      <Figure name="P95" value={duration(total.p95_ns)}>
        P50 {duration(total.p50_ns)} · P99 {duration(total.p99_ns)}
      </Figure>
      <Figure name="Tokens" value={short(total.input_tokens + total.output_tokens)}>
        {short(total.input_tokens)} in · {short(total.output_tokens)} out
      </Figure>
      <Figure name="Cost" value={dollars(total.cost_usd)}>
        {total.requests > 0 ? `${dollars((total.cost_usd / total.requests) * 1000)} per 1,000` : ""}
      </Figure>
    </dl>
  );
}

interface FigureProps {
  name: string;
  value: string;
  isBad?: boolean;
  children: preact.ComponentChildren;
}

function Figure({ name, value, isBad = false, children }: FigureProps) {
  return (
    <div class="panel figure">
      <dt>{name}</dt>
      <dd class={isBad ? "value bad" : "value"}>{value}</dd>
      <dd class="soft">{children}</dd>
    </div>
  );
}

/** "0.42%"; where there is nothing to have a part of, a dash. */
export function share(part: number, whole: number): string {
  if (whole === 0) return "–";
  const percent = (part / whole) * 100;
  if (percent === 0 || percent >= 10) return `${Math.round(percent)}%`;
  return percent < 0.01 ? "<0.01%" : `${Number(percent.toPrecision(2))}%`;
}

function perSecond(rate: number): string {
  return rate >= 0.1 || rate === 0 ? `${short(rate)} a second` : `${short(rate * 60)} a minute`;
}
