// The fields that fold away: what there is to choose from is asked for when they are opened.

import { useEffect, useId, useState } from "preact/hooks";
import { get } from "../api/client.ts";
import type { Facet, Facets } from "../api/types.ts";
import { count } from "../format.ts";
import { useLoaded } from "../parts/loaded.tsx";
import { type Filter, having, type Name, toQuery } from "./filter.ts";
import { LABELS } from "./labels.ts";
import { fromLocal, toLocal } from "./local-time.ts";

interface Props {
  filter: Filter;
  go: (filter: Filter) => void;
}

const KINDS = "exchange generation span agent tool chain retriever embedding event score loss".split(" ");
const STATUSES = ["2xx", "3xx", "4xx", "5xx", "429", "500", "502", "503"];
const METHODS = "GET POST PUT PATCH DELETE".split(" ");

export function Fields({ filter, go }: Props) {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const { from, to } = toQuery(filter, Date.now());
  const facets = useLoaded(
    async (signal) => (isOpen ? await get<Facets>("facets", { from, to }, signal) : undefined),
    [isOpen, filter.range, filter.from, filter.to],
  ).value;
  const set = (name: Name) => (value: string) => go(having(filter, name, value));
  const field = (name: Name, options: Option[] = []) => (
    <Choice name={name} value={filter[name] ?? ""} options={options} onChange={set(name)} />
  );
  return (
    <>
      <button
        type="button"
        class="button folding"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        Filters
      </button>
      <div id={id} class="fields" hidden={!isOpen}>
        {field("route", ofFacets(facets?.routes))}
        {field("model", ofFacets(facets?.models))}
        {field("status", STATUSES.map(plain))}
        {field("user")}
        {field("session")}
        {field("service", ofFacets(facets?.services))}
        {field("environment", ofFacets(facets?.environments))}
        {field("source", ofFacets(facets?.sources))}
        {field("kind", KINDS.map(plain))}
        {field("method", METHODS.map(plain))}
        <Between
          legend="Duration in ms"
          least="min_duration_ms"
          most="max_duration_ms"
          filter={filter}
          set={set}
        />
        <Between legend="Cost in $" least="min_cost_usd" most="max_cost_usd" filter={filter} set={set} />
        <Moment name="from" value={filter.from} onChange={set("from")} />
        <Moment name="to" value={filter.to} onChange={set("to")} />
      </div>
    </>
  );
}

interface Option {
  value: string;
  label?: string;
}

function plain(value: string): Option {
  return { value };
}

function ofFacets(facets: Facet[] = []): Option[] {
  return facets.map((facet) => ({ value: facet.value, label: count(facet.count) }));
}

/** What is in a field: what the filter has, until something is typed. Rows that come meanwhile take none of that away. */
function useTyped(value: string): [string, (typed: string) => void] {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return [typed, setTyped];
}

interface ChoiceProps {
  name: Name;
  value: string;
  options: Option[];
  onChange: (value: string) => void;
}

function Choice({ name, value, options, onChange }: ChoiceProps) {
  const id = useId();
  const [typed, setTyped] = useTyped(value);
  return (
    <label>
      <span>{LABELS[name]}</span>
      <input
        class="field"
        list={id}
        value={typed}
        placeholder="any"
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          // A choice from the list is made by itself; what is typed is taken when it is done.
          const isChosen = !(event instanceof InputEvent) || event.inputType === "insertReplacementText";
          if (isChosen) onChange(event.currentTarget.value);
        }}
        onChange={(event) => onChange(event.currentTarget.value.trim())}
      />
      <datalist id={id}>
        {options.map((option) => (
          <option key={option.value} value={option.value} label={option.label} />
        ))}
      </datalist>
    </label>
  );
}

interface BetweenProps {
  legend: string;
  least: Name;
  most: Name;
  filter: Filter;
  set: (name: Name) => (value: string) => void;
}

function Between({ legend, least, most, filter, set }: BetweenProps) {
  return (
    <fieldset class="between">
      <legend>{legend}</legend>
      <Amount label="from" value={filter[least] ?? ""} onChange={set(least)} />
      <Amount label="to" value={filter[most] ?? ""} onChange={set(most)} />
    </fieldset>
  );
}

interface AmountProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

function Amount({ label, value, onChange }: AmountProps) {
  const [typed, setTyped] = useTyped(value);
  return (
    <input
      class="field"
      type="number"
      min="0"
      step="any"
      aria-label={label}
      placeholder={label}
      value={typed}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

interface MomentProps {
  name: "from" | "to";
  value: string | undefined;
  onChange: (value: string) => void;
}

function Moment({ name, value, onChange }: MomentProps) {
  const [typed, setTyped] = useTyped(value === undefined ? "" : toLocal(value));
  return (
    <label>
      <span>{LABELS[name]}</span>
      <input
        class="field"
        type="datetime-local"
        step="1"
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onChange={(event) => onChange(fromLocal(event.currentTarget.value))}
      />
    </label>
  );
}
