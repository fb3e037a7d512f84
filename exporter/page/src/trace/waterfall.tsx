// The tree of a trace beside its axis of time. Of thousands of events only the lines near what is in sight are drawn.

import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Row } from "../api/types.ts";
import { durationTick } from "../charts/ticks.ts";
import { useShortcuts } from "../parts/keys.ts";
import { type Axis, axisOf, ticksOf } from "./axis.ts";
import { TreeLine } from "./line.tsx";
import type { Node } from "./tree.ts";
import { actOf } from "./tree-keys.ts";
import { type Tree, useTree } from "./use-tree.ts";
import { pageOf, useWindow } from "./window.ts";

interface Props {
  rows: Row[];
  nodes: Node[];
  /** The id of the event that is shown beside. */
  chosen: string;
  onChoose: (id: string) => void;
}

export function Waterfall({ rows, nodes, chosen, onChoose }: Props) {
  const axis = useMemo(() => axisOf(rows), [rows]);
  const tree = useTree(nodes, chosen, onChoose);
  useTreeShortcuts(tree, nodes);
  return (
    <section class="waterfall panel" aria-label="What happened">
      <Lines nodes={nodes} tree={tree} axis={axis} chosen={chosen} />
    </section>
  );
}

function Head({ tree, axis }: { tree: Tree; axis: Axis }) {
  return (
    <div class="head">
      {tree.canFoldAll && (
        <button type="button" class="button small quiet" onClick={tree.foldAll}>
          {tree.folded.size > 0 ? "Unfold all" : "Fold all"}
        </button>
      )}
      <div class="scale" aria-hidden="true">
        {ticksOf(axis, 4).map((ns) => (
          <span key={ns} style={{ left: `${(ns / axis.ns) * 100}%` }}>
            {/* At the end of the axis no word fits. */}
            {ns < axis.ns * 0.85 && (ns === 0 ? "0" : durationTick(ns))}
          </span>
        ))}
      </div>
    </div>
  );
}

interface LinesProps {
  nodes: Node[];
  tree: Tree;
  axis: Axis;
  chosen: string;
}

function Lines({ nodes, tree, axis, chosen }: LinesProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { seen, folded, active, chosenAt } = tree;
  const window = useWindow(scroller, seen.length);
  useFocus(scroller, tree);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || presses(event)) return;
    const page = scroller.current === null ? 1 : pageOf(scroller.current);
    const act = actOf(event.key, { nodes, seen, folded, at: active, page });
    if (act === undefined) return;
    event.preventDefault();
    if ("fold" in act) tree.actions.fold(act.fold);
    else if ("choose" in act) tree.actions.choose(act.choose, nodes[act.choose]?.row.id ?? "");
    else tree.go(act.go);
  };
  return (
    <div class="lines" ref={scroller}>
      <Head tree={tree} axis={axis} />
      <div class="grid" aria-hidden="true">
        {ticksOf(axis, 4).map((ns) => (
          <span key={ns} style={{ left: `${(ns / axis.ns) * 100}%` }} />
        ))}
      </div>
      <div
        role="tree"
        aria-label="Events of the trace"
        class="tree"
        style={{ "--lines": seen.length }}
        onKeyDown={onKeyDown}
      >
        {drawn(seen, window, active).map((line) => {
          const index = seen[line] as number;
          const node = nodes[index] as Node;
          return (
            <TreeLine
              key={index}
              node={node}
              index={index}
              line={line}
              axis={axis}
              chosen={index === chosenAt ? chosen : null}
              isActive={index === active}
              isFolded={folded.has(node.row.id)}
              actions={tree.actions}
            />
          );
        })}
      </div>
    </div>
  );
}

/** Whether a key is for a button in a line. */
function presses({ key, target }: KeyboardEvent): boolean {
  return (key === "Enter" || key === " ") && target instanceof HTMLButtonElement;
}

/** The lines near what is in sight, and the active one wherever it is: else Tab would not lead to it. */
function drawn(seen: number[], [first, last]: [number, number], active: number): number[] {
  const lines = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  const line = seen.indexOf(active);
  if (line === -1 || (line >= first && line < last)) return lines;
  return line < first ? [line, ...lines] : [...lines, line];
}

/** Has the focus follow the active line, and what is opened be in sight. */
function useFocus(scroller: { current: HTMLElement | null }, { active, moved }: Tree): void {
  const lineOf = (index: number) => scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`);
  useEffect(() => {
    const [list, line] = [scroller.current, lineOf(active)];
    // The page itself stays at its top.
    if (list && line && line.offsetTop > list.clientHeight - line.offsetHeight)
      list.scrollTop = line.offsetTop - list.clientHeight / 2;
  }, []);
  useLayoutEffect(() => {
    if (moved === 0) return;
    const line = lineOf(active);
    line?.focus({ preventScroll: true });
    line?.scrollIntoView({ block: "nearest" });
  }, [moved]);
}

function useTreeShortcuts(tree: Tree, nodes: Node[]): void {
  const now = useRef({ tree, nodes });
  now.current = { tree, nodes };
  const step = (by: 1 | -1) => {
    const { seen, active, go } = now.current.tree;
    go(seen[seen.indexOf(active) + by] ?? active);
  };
  const toNextFailed = () => {
    const { nodes, tree } = now.current;
    const failed = nodes.flatMap(({ row }, index) => (row.failed ? [index] : []));
    const next = failed.find((index) => index > tree.active) ?? failed[0];
    if (next !== undefined) tree.go(next);
  };
  useShortcuts(
    [
      { keys: "j", does: "Next event", run: () => step(1) },
      { keys: "k", does: "Event before", run: () => step(-1) },
      { keys: "e", does: "Next that failed", run: toNextFailed },
    ],
    [],
  );
}
