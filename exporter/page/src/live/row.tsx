// One event as a row of the list: its name is a link to its trace, and what can be filtered by has a button for it.

import type { Row } from "../api/types.ts";
import { duration } from "../format.ts";
import { Cost, familyOf, KindBadge, Nothing, StatusBadge, Tokens } from "../parts/badges.tsx";
import { nameOf } from "../parts/name.tsx";
import { pure } from "../parts/pure.ts";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { beginning } from "../text/cut.ts";
import type { Name } from "./filter.ts";

const NAME_LENGTH = 200;
const PREVIEW_LENGTH = 240;

export interface RowActions {
  /** Filters by a value of the row. */
  pick: (name: Name, value: string) => void;
  /** Is told the address of what is opened, before it is. */
  open: (address: string) => void;
}

interface Props {
  row: Row;
  isFresh: boolean;
  find: string;
  /** They must stay the same, or all rows are made again. */
  actions: RowActions;
}

/** Hundreds of them are there when one comes. */
export const EventRow = pure(({ row, isFresh, find, actions }: Props) => (
  <tr class={`event ${familyOf(row)}${isFresh ? " fresh" : ""}`}>
    <td class="time">
      <When time={row.start_time} />
    </td>
    <td class="kind-cell">
      <KindBadge row={row} />
    </td>
    <th scope="row" class="what">
      <a href={addressOf(row)} data-row onClick={() => actions.open(addressOf(row))}>
        {row.method !== null && <span class="method">{row.method} </span>}
        <Text value={beginning(nameOf(row), NAME_LENGTH)} find={find} />
      </a>
      <Pick name="route" value={row.route} onPick={actions.pick} />
    </th>
    <td class="status-cell">
      <StatusBadge row={row} />
      <Pick name="status" value={row.status === null ? null : String(row.status)} onPick={actions.pick} />
    </td>
    <Took ns={row.duration_ns} />
    <Value class="model-cell" name="model" value={row.model} onPick={actions.pick} />
    <td class="number tokens">
      <Tokens {...tokensOf(row)} />
    </td>
    <td class="number cost">
      <Cost usd={row.top ? row.trace_cost_usd : row.cost_usd} />
    </td>
    <Value class="user" name="user" value={row.user_id} onPick={actions.pick} />
    <Value class="session" name="session" value={row.session_id} onPick={actions.pick} />
    <td class="origin">
      <Text value={beginning(row.service, NAME_LENGTH)} />
      {row.source !== null && ` · ${row.source}`}
    </td>
    <Preview row={row} find={find} />
  </tr>
));

function addressOf(row: Row): string {
  return `/traces/${encodeURIComponent(row.trace_id)}?event=${encodeURIComponent(row.id)}`;
}

function tokensOf(row: Row): { input: number | null; output: number | null } {
  return row.top
    ? { input: row.trace_input_tokens, output: row.trace_output_tokens }
    : { input: row.input_tokens, output: row.output_tokens };
}

function Took({ ns }: { ns: number }) {
  if (ns === 0) {
    return (
      <td class="number">
        <Nothing />
      </td>
    );
  }
  return (
    <td class="number took" style={{ "--took": shareOf(ns) }}>
      {duration(ns)}
    </td>
  );
}

// From a millisecond to a hundred seconds, each power of ten as wide: so that quick ones differ too.
function shareOf(ns: number): string {
  const share = Math.log10(ns / 1e6) / 5;
  return `${Math.round(Math.min(Math.max(share, 0.02), 1) * 100)}%`;
}

interface ValueProps extends PickProps {
  class: string;
}

function Value({ class: className, name, value, onPick }: ValueProps) {
  return (
    <td class={className}>
      {value === null ? <Nothing /> : <Text value={beginning(value, NAME_LENGTH)} />}
      <Pick name={name} value={value} onPick={onPick} />
    </td>
  );
}

interface PickProps {
  name: Name;
  value: string | null;
  onPick: RowActions["pick"];
}

// By keyboard the fields of the filter do the same: hundreds of stops between two rows would help nobody.
function Pick({ name, value, onPick }: PickProps) {
  if (value === null) return null;
  return (
    <button
      type="button"
      class="pick"
      tabIndex={-1}
      title={`Only this ${name}`}
      aria-label={`Only this ${name}`}
      onClick={() => onPick(name, value)}
    />
  );
}

function Preview({ row, find }: { row: Row; find: string }) {
  const input = row.preview?.input ?? null;
  const output = row.preview?.output ?? null;
  return (
    <td class="preview">
      {input !== null && <Text value={beginning(input, PREVIEW_LENGTH)} find={find} />}
      {output !== null && (
        <>
          <span class="arrow">
            <span aria-hidden="true"> → </span>
            <span class="only-read">Answer: </span>
          </span>
          <Text value={beginning(output, PREVIEW_LENGTH)} find={find} />
        </>
      )}
    </td>
  );
}
