// What is filtered by, each with a button that ends it.

import { Text } from "../parts/text.tsx";
import { type Filter, having } from "./filter.ts";
import { chipsOf, inWords, LABELS } from "./labels.ts";

export function Chips({ filter, go }: { filter: Filter; go: (filter: Filter) => void }) {
  const chips = chipsOf(filter);
  if (chips.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filtered by">
      {chips.map(({ name, value }) => (
        <li key={name}>
          <button
            type="button"
            class="chip"
            title="Remove this filter"
            onClick={() => go(having(filter, name, undefined))}
          >
            <span class="only-read">Remove the filter </span>
            <span class="soft">{LABELS[name]} </span>
            <Text value={inWords(name, value)} limit={200} />
            <span class="cross" aria-hidden="true">
              ×
            </span>
          </button>
        </li>
      ))}
      <li>
        <button type="button" class="button quiet small" onClick={() => go({})}>
          Clear all
        </button>
      </li>
    </ul>
  );
}
