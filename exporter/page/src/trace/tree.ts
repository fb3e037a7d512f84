// The events of a trace as a tree. Ids are what producers say: parents may be missing, spans may share an id, or be each
// other's parent. Each event is in the tree once, whatever they say.

import type { Row } from "../api/types.ts";

export interface Node {
  row: Row;
  children: Node[];
  /** What was judged of it. */
  scores: Row[];
  /** Whether it says that it has a parent, which is not here, or cannot be its parent. */
  isOrphan: boolean;
}

/** A node where it is drawn. */
export interface Line {
  node: Node;
  /** 1 for a root. */
  level: number;
  /** Which of its siblings it is, from 1 on, and how many those are. */
  position: number;
  setSize: number;
}

/** The roots, in the order of their starts. */
export function treeOf(rows: Row[]): Node[] {
  const judgements = rows.filter(({ kind }) => kind === "score");
  const nodes = rows.filter(({ kind }) => kind !== "score").map(nodeOf);
  const bySpan = new Map<string, Node>();
  for (const node of nodes) if (!bySpan.has(node.row.span_id)) bySpan.set(node.row.span_id, node);
  const roots: Node[] = [];
  for (const node of nodes) {
    const parent = parentOf(node, bySpan);
    if (parent === undefined) roots.push(node);
    else parent.children.push(node);
    node.isOrphan = parent === undefined && node.row.parent_span_id !== null && !node.row.top;
  }
  openCircles(nodes, roots);
  const first = roots[0];
  for (const row of judgements) (bySpan.get(row.parent_span_id ?? "") ?? first)?.scores.push(row);
  return roots;
}

function nodeOf(row: Row): Node {
  return { row, children: [], scores: [], isOrphan: false };
}

function parentOf({ row }: Node, bySpan: Map<string, Node>): Node | undefined {
  const parent = row.parent_span_id === null ? undefined : bySpan.get(row.parent_span_id);
  return parent?.row === row ? undefined : parent;
}

/** What no root leads to is in a circle: the first of it becomes a root. */
function openCircles(nodes: Node[], roots: Node[]): void {
  const reached = new Set<Node>();
  for (const root of roots) reach(root, reached);
  for (const node of nodes) {
    if (reached.has(node)) continue;
    for (const other of nodes) other.children = other.children.filter((child) => child !== node);
    node.isOrphan = true;
    roots.push(node);
    reach(node, reached);
  }
}

function reach(root: Node, reached: Set<Node>): void {
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (reached.has(node)) continue;
    reached.add(node);
    open.push(...node.children);
  }
}

/** What is drawn, from above: all but what is below a node whose event's id is in `closed`. */
export function linesOf(roots: Node[], closed: ReadonlySet<string>): Line[] {
  const lines: Line[] = [];
  const open = below(roots, 1);
  for (let line = open.pop(); line !== undefined; line = open.pop()) {
    lines.push(line);
    if (!closed.has(line.node.row.id)) open.push(...below(line.node.children, line.level + 1));
  }
  return lines;
}

/** Siblings, the first one last, as a stack has them. */
function below(siblings: Node[], level: number): Line[] {
  return siblings
    .map((node, index) => ({ node, level, position: index + 1, setSize: siblings.length }))
    .reverse();
}

/** The ids of the events above one of them. */
export function idsAbove(roots: Node[], id: string): string[] {
  const open = roots.map((node) => ({ node, above: [] as string[] }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, above } = next;
    if (node.row.id === id) return above;
    for (const child of node.children) open.push({ node: child, above: [...above, node.row.id] });
  }
  return [];
}
