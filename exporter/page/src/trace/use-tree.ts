// What is folded in a tree, where the keyboard is in it, and what of it is chosen.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { LineActions } from "./line.tsx";
import { above, type Node, tells, unfolded } from "./tree.ts";

/** Who goes on by keyboard chooses where they stop: what they pass need not be fetched. */
const REST_MS = 120;

export interface Tree {
  /** The ids of the events below which nothing is seen. */
  folded: ReadonlySet<string>;
  /** Indices of the nodes that are seen, from above. */
  seen: number[];
  /** Index of the node to which Tab leads. */
  active: number;
  /** Index of the node that is, or is judged by, what is chosen. */
  chosenAt: number;
  /** Counts how often the keyboard went to another node. */
  moved: number;
  go: (index: number) => void;
  actions: LineActions;
  canFoldAll: boolean;
  /** Folds all but the roots; if anything is folded, unfolds all. */
  foldAll: () => void;
}

export function useTree(nodes: Node[], chosen: string, onChoose: (id: string) => void): Tree {
  const chosenAt = useMemo(
    () =>
      Math.max(
        0,
        nodes.findIndex((node) => tells(node, chosen)),
      ),
    [nodes, chosen],
  );
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [{ active, moved }, setActive] = useState({ active: chosenAt, moved: 0 });
  const seen = useMemo(() => unfolded(nodes, folded), [nodes, folded]);
  const rest = useRest();
  const now = useRef({ nodes, folded, active, onChoose });
  now.current = { nodes, folded, active, onChoose };
  const steady = useMemo(() => {
    const moveTo = (index: number) => setActive((before) => ({ active: index, moved: before.moved + 1 }));
    return {
      go: (index: number) => {
        const { nodes, folded, onChoose } = now.current;
        setFolded(without(folded, nodes, above(nodes, index)));
        moveTo(index);
        rest(() => onChoose(nodes[index]?.row.id ?? ""));
      },
      actions: {
        choose: (index: number, id: string) => {
          // The focus is there, or in it, already.
          setActive((before) => ({ ...before, active: index }));
          rest(null);
          now.current.onChoose(id);
        },
        fold: (index: number) => {
          const { nodes, folded, active } = now.current;
          setFolded(toggled(folded, nodes[index]?.row.id ?? ""));
          if (above(nodes, active).includes(index)) moveTo(index);
        },
      },
      foldAll: () => {
        const { nodes, folded, active } = now.current;
        if (folded.size > 0) return setFolded(new Set());
        setFolded(new Set(nodes.filter(canFold).map(({ row }) => row.id)));
        const outermost = [active, ...above(nodes, active)].findLast(
          (index) => (nodes[index]?.level ?? 1) > 1,
        );
        setActive((before) => ({ ...before, active: outermost ?? active }));
      },
    };
  }, [rest]);
  return { folded, seen, active, chosenAt, moved, canFoldAll: nodes.some(canFold), ...steady };
}

function canFold({ level, size }: Node): boolean {
  return level > 1 && size > 1;
}

function toggled(folded: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(folded);
  if (!next.delete(id)) next.add(id);
  return next;
}

function without(folded: ReadonlySet<string>, nodes: Node[], indices: number[]): ReadonlySet<string> {
  const next = new Set(folded);
  for (const index of indices) next.delete(nodes[index]?.row.id ?? "");
  return next.size === folded.size ? folded : next;
}

/** Runs what it was given last, once it is given nothing else for a moment; what waits is dropped for null. */
function useRest(): (run: (() => void) | null) => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useMemo(
    () => (run) => {
      clearTimeout(timer.current);
      if (run !== null) timer.current = setTimeout(run, REST_MS);
    },
    [],
  );
}
