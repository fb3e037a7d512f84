// What the overview is about: its time, and which service, environment, route and model.

import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import type { Facet, Facets } from "../api/types.ts";
import { plainName } from "../charts/names.ts";
import { type Choice, type Of, overviewHref, type Shown } from "./address.ts";
import { type Bounds, boundsOf, localTime, RANGES, type Range, USUAL } from "./range.ts";

export interface ControlsProps {
  shown: Shown;
  facets: Facets | null;
}

export function Controls({ shown, facets }: ControlsProps) {
  const { route } = useLocation();
  const show = (range: Range) => route(overviewHref({ ...shown, range }));
  return (
    <div class="controls">
      <RangeButtons range={shown.range} href={(range) => overviewHref({ ...shown, range })} />
      <BetweenForm range={shown.range} choose={show} />
      <OfLinks shown={shown} />
      <Select shown={shown} choice="service" all="all services" facets={facets?.services} />
      <Select shown={shown} choice="environment" all="all environments" facets={facets?.environments} />
      <Select shown={shown} choice="route" all="all routes" facets={facets?.routes} />
      <Select shown={shown} choice="model" all="all models" facets={facets?.models} />
    </div>
  );
}

interface RangeButtonsProps {
  /** Null: all of the past. */
  range: Range | null;
  href: (range: Range) => string;
  /** What stands before them. */
  children?: ComponentChildren;
}

/** Links, so that each can be opened elsewhere, or kept. */
export function RangeButtons({ range, href, children }: RangeButtonsProps) {
  const isBetween = range !== null && !("last" in range);
  const last = range !== null && "last" in range ? range.last : null;
  return (
    <nav class="switch" aria-label="Time">
      {children}
      {RANGES.map(({ name, words }) => (
        <a
          key={name}
          class="button"
          href={href({ last: name })}
          aria-current={last === name ? "true" : undefined}
          title={`last ${words}`}
        >
          {name}
        </a>
      ))}
      {isBetween && (
        <a class="button" href={href(USUAL)}>
          Back to last hour
        </a>
      )}
    </nav>
  );
}

function BetweenForm({ range, choose }: { range: Range; choose: (bounds: Bounds) => void }) {
  const bounds = boundsOf(range, Date.now() / 1000);
  return (
    <details class="from-to">
      <summary class="button">From – to</summary>
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          const from = Date.parse(String(form.get("from"))) / 1000;
          const to = Date.parse(String(form.get("to"))) / 1000;
          event.currentTarget.closest("details")?.removeAttribute("open");
          if (from !== to) choose({ from: Math.min(from, to), to: Math.max(from, to) });
        }}
      >
        <label>
          From
          <input class="field" type="datetime-local" name="from" required value={localTime(bounds.from)} />
        </label>
        <label>
          To
          <input class="field" type="datetime-local" name="to" required value={localTime(bounds.to)} />
        </label>
        <button type="submit" class="button">
          Show
        </button>
      </form>
    </details>
  );
}

const OFS: { of: Of; name: string; title: string }[] = [
  { of: "requests", name: "requests", title: "What came in, and what traces begin with" },
  { of: "calls", name: "calls out", title: "What the apps asked others, by host" },
];

function OfLinks({ shown }: { shown: Shown }) {
  return (
    <nav class="switch" aria-label="Of what">
      {OFS.map(({ of, name, title }) => (
        <a
          key={of}
          class="button"
          href={overviewHref({ ...shown, of })}
          aria-current={shown.of === of ? "true" : undefined}
          title={title}
        >
          {name}
        </a>
      ))}
    </nav>
  );
}

interface SelectProps {
  shown: Shown;
  choice: Choice;
  all: string;
  facets: Facet[] | undefined;
}

/** Nothing, where there is nothing to choose. */
function Select({ shown, choice, all, facets = [] }: SelectProps) {
  const { route } = useLocation();
  const chosen = shown.chosen[choice];
  const values = facets.map(({ value }) => value);
  if (chosen !== undefined && !values.includes(chosen)) values.unshift(chosen);
  if (values.length < 2 && chosen === undefined) return null;
  return (
    <select
      class="field"
      aria-label={choice}
      value={chosen ?? ""}
      onChange={(event) => {
        const { value } = event.currentTarget;
        const { [choice]: _, ...others } = shown.chosen;
        route(overviewHref({ ...shown, chosen: value === "" ? others : { ...others, [choice]: value } }));
      }}
    >
      <option value="">{all}</option>
      {values.map((value) => (
        <option key={value} value={value}>
          {plainName(value)}
        </option>
      ))}
    </select>
  );
}
