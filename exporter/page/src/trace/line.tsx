// A line of the waterfall: an event of the tree, what it took and used, and its bar on the axis of time.

import type { Row } from "../api/types.ts";
import { count, dollars, duration } from "../format.ts";
import { familyOf, StatusBadge, Tokens, wordFor } from "../parts/badges.tsx";
import { nameOf } from "../parts/name.tsx";
import { pure } from "../parts/pure.ts";
import { Text } from "../parts/text.tsx";
import { beginning } from "../text/cut.ts";
import { type Axis, placeOn, takesTime } from "./axis.ts";
import type { Node } from "./tree.ts";

const NAME_LENGTH = 200;
/** In a bar that is a smaller share of the axis marks would be all that is seen. */
const ROOM_FOR_MARKS = 0.03;

export interface LineActions {
  choose: (index: number, id: string) => void;
  fold: (index: number) => void;
}

interface Props {
  node: Node;
  /** Of the node among all. */
  index: number;
  /** Which line it is, from above. */
  line: number;
  axis: Axis;
  /** The id of the event that is shown beside, if the node tells of it. */
  chosen: string | null;
  /** Whether it is where Tab leads. */
  isActive: boolean;
  isFolded: boolean;
  /** They must stay the same, or all lines are made again. */
  actions: LineActions;
}

export const TreeLine = pure(({ node, index, line, axis, chosen, isActive, isFolded, actions }: Props) => {
  const { row, level, size } = node;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys.
    <div
      role="treeitem"
      aria-level={level}
      aria-posinset={node.position}
      aria-setsize={node.siblings}
      aria-selected={chosen !== null}
      aria-expanded={size > 1 ? !isFolded : undefined}
      tabIndex={isActive ? 0 : -1}
      data-index={index}
      class={`line ${familyOf(row)}${row.failed ? " failed" : ""}`}
      style={{ "--line": line, "--level": level }}
      title={node.note ?? undefined}
      onClick={() => actions.choose(index, row.id)}
    >
      <div class="what">
        {size > 1 && <Fold isFolded={isFolded} onFold={() => actions.fold(index)} />}
        <span class="name">
          {row.method !== null && <span class="soft">{row.method} </span>}
          <Text value={beginning(nameOf(row), NAME_LENGTH)} />
        </span>
        <StatusBadge row={row} />
        {isFolded && node.failedBelow > 0 && (
          <span class="badge status bad">{count(node.failedBelow)} below failed</span>
        )}
        {node.scores.map((score) => (
          <button
            key={score.id}
            type="button"
            class="badge score"
            aria-pressed={score.id === chosen}
            tabIndex={isActive ? 0 : -1}
            onClick={(event) => {
              event.stopPropagation();
              actions.choose(index, score.id);
            }}
          >
            <span class="only-read">Score </span>
            <Text value={beginning(nameOf(score), NAME_LENGTH)} />
          </button>
        ))}
      </div>
      <div class="sort">
        <span class="kind">{wordFor(row)}</span>
        {row.model !== null && <Text value={beginning(row.model, NAME_LENGTH)} />}
        {isFolded && <span>{count(size - 1)} below</span>}
        {node.note !== null && <span>no parent here</span>}
      </div>
      <span class="took">{takesTime(row) && duration(row.duration_ns)}</span>
      <Used row={row} />
      <Bar row={row} axis={axis} />
    </div>
  );
});

// By keyboard the arrows do the same.
function Fold({ isFolded, onFold }: { isFolded: boolean; onFold: () => void }) {
  return (
    <button
      type="button"
      class="fold"
      tabIndex={-1}
      aria-hidden="true"
      onClick={(event) => {
        event.stopPropagation();
        onFold();
      }}
    >
      {isFolded ? "▸" : "▾"}
    </button>
  );
}

/** Where a call below tells the same usage, it is in brackets: sums do not count it. */
function Used({ row }: { row: Row }) {
  const { input_tokens: input, output_tokens: output, cost_usd: cost, usage_counts: counts } = row;
  if (input === null && output === null && cost === null) return <span class="used" />;
  return (
    <span
      class={counts ? "used" : "used repeated"}
      title={counts ? undefined : "A call below tells the same: it is counted there"}
    >
      {(input !== null || output !== null) && (
        <span class="tokens">
          <Tokens input={input} output={output} />
        </span>
      )}
      {cost !== null && <span class="cost">{dollars(cost)}</span>}
    </span>
  );
}

function Bar({ row, axis }: { row: Row; axis: Axis }) {
  const left = placeOn(axis, row.start_time);
  const right = placeOn(axis, row.start_time, row.duration_ns);
  const marks = marksOf(row);
  const waited = (marks.at(-1)?.ns ?? 0) / Math.max(row.duration_ns, 1);
  return (
    <span class="track" aria-hidden="true">
      <span
        class={takesTime(row) ? "bar" : "bar moment"}
        style={{
          left: percent(left),
          width: percent(right - left),
          "--waited": percent(waited),
        }}
        title={[
          duration(row.duration_ns),
          ...marks.map(({ name, ns }) => `${name} after ${duration(ns)}`),
        ].join(", ")}
      >
        {right - left > ROOM_FOR_MARKS &&
          marks.map(({ name, ns }) => (
            <span key={name} class="mark" style={{ left: percent(ns / row.duration_ns) }} />
          ))}
      </span>
    </span>
  );
}

/** When something first came, in the order of their times. */
function marksOf({ duration_ns, first_byte_ns: byte, first_token_ns: token }: Row) {
  return [
    { name: "first byte", ns: byte },
    { name: "first token", ns: token },
  ]
    .filter((mark): mark is { name: string; ns: number } => mark.ns !== null && mark.ns < duration_ns)
    .sort((one, other) => one.ns - other.ns);
}

function percent(share: number): string {
  return `${share * 100}%`;
}
