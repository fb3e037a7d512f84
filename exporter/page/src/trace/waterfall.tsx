// The tree of a trace beside its axis of time. Of a tree of thousands only the lines near what is in sight are drawn.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Row } from "../api/types.ts";
import { duration } from "../format.ts";
import { Cost, KindBadge, StatusBadge } from "../parts/badges.tsx";
import { pure } from "../parts/pure.ts";
import { Text } from "../parts/text.tsx";
import { type Axis, axisOf, placeOf, ticksOf } from "./axis.ts";
import { nameOf } from "./header.tsx";
import { idsAbove, type Line, linesOf, type Node } from "./tree.ts";

/** Pixels of a line, as trace.css has them. */
const LINE = 30;
/** Lines that are drawn beyond what is in sight. */
const MARGIN = 20;
/** Fewer are all drawn: the browser's own search finds them then. */
const FEW = 400;
/** Levels that are indented; those below are as far in. */
const DEEPEST = 12;

interface Props {
  rows: Row[];
  roots: Node[];
  /** The id of the event that is shown beside. */
  chosen: string;
  onChoose: (row: Row) => void;
}

export function Waterfall({ rows, roots, chosen, onChoose }: Props) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const lines = useMemo(() => linesOf(roots, closed), [roots, closed]);
  const axis = useMemo(() => axisOf(rows), [rows]);
  const { scroller, first, last, onScroll } = useWindow(lines.length);
  const at = Math.max(
    0,
    lines.findIndex(({ node }) => node.row.id === chosen),
  );

  const toggle = (row: Row) => {
    const next = new Set(closed);
    if (!next.delete(row.id)) {
      next.add(row.id);
      // What is chosen stays in sight.
      if (idsAbove(roots, chosen).includes(row.id)) onChoose(row);
    }
    setClosed(next);
  };
  const go = (to: number) => {
    const line = lines[Math.max(0, Math.min(lines.length - 1, to))];
    if (line === undefined) return;
    onChoose(line.node.row);
    bringIntoView(scroller.current, lines.indexOf(line));
    focusSoon(scroller.current, line.node.row.id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const line = lines[at];
    const does = line === undefined ? undefined : keyOf(event, line, lines, at, closed, toggle, go);
    if (does === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  };
  return (
    <section class="waterfall panel" aria-label="What happened">
      <Ticks axis={axis} />
      <div class="lines" ref={scroller} onScroll={onScroll}>
        <div
          role="tree"
          aria-label="Events of the trace"
          class="tree"
          style={{ height: `${lines.length * LINE}px` }}
          onKeyDown={onKeyDown}
        >
          {lines.slice(first, last).map((line, index) => (
            <TreeLine
              key={line.node.row.id}
              node={line.node}
              level={line.level}
              position={line.position}
              setSize={line.setSize}
              top={(first + index) * LINE}
              axis={axis}
              isChosen={first + index === at}
              isClosed={closed.has(line.node.row.id)}
              onChoose={onChoose}
              onToggle={toggle}
            />
          ))}
        </div>
      </div>
    </section>
  );
}

/** What a key does to a tree: https://www.w3.org/WAI/ARIA/apg/patterns/treeview/. */
function keyOf(
  event: KeyboardEvent,
  line: Line,
  lines: Line[],
  at: number,
  closed: ReadonlySet<string>,
  toggle: (row: Row) => void,
  go: (to: number) => void,
): (() => void) | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const { row, children } = line.node;
  const isOpen = children.length > 0 && !closed.has(row.id);
  switch (event.key) {
    case "ArrowDown":
    case "j":
      return () => go(at + 1);
    case "ArrowUp":
    case "k":
      return () => go(at - 1);
    case "Home":
      return () => go(0);
    case "End":
      return () => go(lines.length - 1);
    case "ArrowRight":
      if (children.length === 0) return () => {};
      return isOpen ? () => go(at + 1) : () => toggle(row);
    case "ArrowLeft":
      if (isOpen) return () => toggle(row);
      return () => {
        const parent = lines.slice(0, at).findLastIndex(({ level }) => level < line.level);
        if (parent >= 0) go(parent);
      };
    case "Enter":
    case " ":
      return () => go(at);
    default:
      return undefined;
  }
}

/** Which lines are near what is in sight. */
function useWindow(count: number) {
  const scroller = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ from: 0, to: FEW });
  const look = () => {
    const element = scroller.current;
    if (element === null || count <= FEW) return;
    const from = Math.floor(element.scrollTop / LINE);
    setSeen({ from, to: from + Math.ceil(element.clientHeight / LINE) });
  };
  useEffect(look, [count]);
  const [first, last] = count <= FEW ? [0, count] : [Math.max(0, seen.from - MARGIN), seen.to + MARGIN];
  return { scroller, first, last, onScroll: look };
}

function bringIntoView(scroller: HTMLElement | null, line: number): void {
  if (scroller === null) return;
  const [top, bottom] = [line * LINE, (line + 1) * LINE];
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (bottom > scroller.scrollTop + scroller.clientHeight)
    scroller.scrollTop = bottom - scroller.clientHeight;
}

/** It may not be drawn yet. */
function focusSoon(scroller: HTMLElement | null, id: string): void {
  requestAnimationFrame(() =>
    scroller?.querySelector<HTMLElement>(`[data-event="${CSS.escape(id)}"]`)?.focus(),
  );
}

function Ticks({ axis }: { axis: Axis }) {
  return (
    <div class="ticks" aria-hidden="true">
      <div class="scale">
        {ticksOf(axis, 4)
          .filter(hasRoom(axis))
          .map((ns) => (
            <span key={ns} style={{ left: `${(ns / axis.lengthNs) * 100}%` }}>
              {ns === 0 ? "0" : duration(ns)}
            </span>
          ))}
      </div>
    </div>
  );
}

/** At the end of the axis no word fits. */
function hasRoom({ lengthNs }: Axis) {
  return (ns: number) => ns < 0.85 * lengthNs;
}

interface LineProps {
  node: Node;
  level: number;
  position: number;
  setSize: number;
  /** Pixels from the top of the tree. */
  top: number;
  axis: Axis;
  isChosen: boolean;
  isClosed: boolean;
  onChoose: (row: Row) => void;
  onToggle: (row: Row) => void;
}

const TreeLine = pure((props: LineProps) => {
  const { node, level, position, setSize, top, axis, isChosen, isClosed, onChoose, onToggle } = props;
  const { row, children, scores, isOrphan } = node;
  const hasChildren = children.length > 0;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys
    <div
      role="treeitem"
      aria-level={level}
      aria-posinset={position}
      aria-setsize={setSize}
      aria-selected={isChosen}
      {...(hasChildren ? { "aria-expanded": !isClosed } : {})}
      tabIndex={isChosen ? 0 : -1}
      data-event={row.id}
      class={row.failed ? "line failed" : "line"}
      style={{ top: `${top}px` }}
      onClick={() => onChoose(row)}
    >
      <span class="what" style={{ paddingLeft: `${Math.min(level - 1, DEEPEST)}rem` }}>
        {hasChildren ? (
          <button
            type="button"
            class="fold"
            tabIndex={-1}
            aria-hidden="true"
            onClick={(event) => {
              event.stopPropagation();
              onToggle(row);
            }}
          >
            {isClosed ? "▸" : "▾"}
          </button>
        ) : (
          <span class="fold" />
        )}
        <KindBadge row={row} />
        <span class="name" title={isOrphan ? "What it is a part of is not here" : undefined}>
          {row.method !== null && <span class="soft">{row.method} </span>}
          <Text value={nameOf(row)} limit={120} />
          {row.kind === "exchange" && row.host !== null && !row.top && (
            <span class="soft">
              {" "}
              <Text value={row.host} limit={60} />
            </span>
          )}
        </span>
        {scores.map((score) => (
          <span key={score.id} class="badge score" title="Score">
            <Text
              value={`${score.name ?? "score"} ${score.score_value ?? score.score_text ?? ""}`}
              limit={60}
            />
          </span>
        ))}
        <StatusBadge row={row} />
      </span>
      <span class="cost">{row.usage_counts && <Cost usd={row.cost_usd} />}</span>
      <span class="took">{duration(row.duration_ns)}</span>
      <Bar row={row} axis={axis} />
    </div>
  );
});

function Bar({ row, axis }: { row: Row; axis: Axis }) {
  const { left, width } = placeOf(row, axis);
  const first = row.first_token_ns ?? row.first_byte_ns;
  return (
    <span class="track" aria-hidden="true">
      <span
        class={`bar ${row.kind}${row.failed ? " failed" : ""}`}
        style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
      >
        {first !== null && first < row.duration_ns && (
          <span
            class="first"
            style={{ left: `${(first / row.duration_ns) * 100}%` }}
            title={`${row.first_token_ns === null ? "First byte" : "First token"} after ${duration(first)}`}
          />
        )}
      </span>
    </span>
  );
}
