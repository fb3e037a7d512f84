// The bar that says what is looked for. Each change is a new address; nothing else holds it.

import { useEffect, useRef, useState } from "preact/hooks";
import { useShortcuts } from "../parts/keys.ts";
import { Fields } from "./fields.tsx";
import { type Filter, having, type Name, RANGES } from "./filter.ts";

interface Props {
  filter: Filter;
  /** Goes to the address of a filter. */
  go: (filter: Filter) => void;
}

export function Filters({ filter, go }: Props) {
  const set = (name: Name, value: string | undefined) => go(having(filter, name, value));
  const isFixed = filter.from !== undefined || filter.to !== undefined;
  return (
    <search class="filters" aria-label="Filter">
      <SearchField value={filter.q ?? ""} onChange={(value) => set("q", value)} />
      <label>
        <span class="only-read">Time</span>
        <select
          class="field"
          value={isFixed ? "fixed" : (filter.range ?? "")}
          onChange={(event) => go(havingRange(filter, event.currentTarget.value))}
        >
          <option value="">All time</option>
          {Object.entries(RANGES).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
          {isFixed && <option value="fixed">From – to</option>}
        </select>
      </label>
      <fieldset class="segments">
        <legend class="only-read">What is listed</legend>
        <Segment label="Requests" on={filter.top === undefined} onPress={() => set("top", undefined)} />
        <Segment label="Everything" on={filter.top === "false"} onPress={() => set("top", "false")} />
      </fieldset>
      <button
        type="button"
        class="button"
        aria-pressed={filter.failed === "true"}
        onClick={() => set("failed", filter.failed === "true" ? undefined : "true")}
      >
        Failed only
      </button>
      <Fields filter={filter} go={go} />
    </search>
  );
}

function havingRange(filter: Filter, value: string): Filter {
  if (value === "fixed") return filter;
  const { from, to, ...timeless } = filter;
  return having(timeless, "range", value);
}

function SearchField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useShortcuts([{ keys: "/", does: "Search", run: () => input.current?.select() }], []);
  return (
    <form
      class="search"
      onSubmit={(event) => {
        event.preventDefault();
        onChange(typed.trim());
      }}
    >
      <input
        ref={input}
        class="field"
        type="search"
        aria-label="Search in everything that was recorded"
        placeholder="Search prompts, answers, headers, bodies …"
        spellcheck={false}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        // Also when it is cleared by its own button, or left.
        onChange={() => onChange(typed.trim())}
        onSearch={() => onChange(typed.trim())}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </form>
  );
}

function Segment({ label, on, onPress }: { label: string; on: boolean; onPress: () => void }) {
  return (
    <button type="button" class="button" aria-pressed={on} onClick={onPress}>
      {label}
    </button>
  );
}
