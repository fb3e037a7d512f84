// Which event is below which. What a trace holds was told by strangers: parents may be missing, may be their own children, and
// several events may claim to be the same span. Each event is in the tree once, whatever it says.

import type { Row } from "../api/types.ts";

export interface Node {
  row: Row;
  /** 1 for a root. */
  level: number;
  /** Index of its parent, or -1. */
  parent: number;
  /** How many nodes it is with all below it: the next that is not below it is so much further. */
  size: number;
  /** Its place among those of the same parent, from 1, and how many these are. */
  position: number;
  siblings: number;
  /** How many of those below it failed. */
  failedBelow: number;
  /** What was judged of it. */
  scores: Row[];
  /** Why it is a root though it names a parent. */
  note: string | null;
}

/** All events, each followed by those below it, in the order in which they came. Scores are at what they judge. */
export function treeOf(rows: Row[]): Node[] {
  const judged = rows.filter(({ kind }) => kind !== "score");
  // A trace may have nothing but scores yet: they come from elsewhere.
  if (judged.length === 0) return nodesOf(rows);
  const nodes = nodesOf(judged);
  addScores(
    nodes,
    rows.filter(({ kind }) => kind === "score"),
  );
  return nodes;
}

/** Whether an event is this node, or one of its scores. */
export function tells(node: Node, id: string): boolean {
  return node.row.id === id || node.scores.some((score) => score.id === id);
}

function nodesOf(rows: Row[]): Node[] {
  const { roots, children } = familyOf(rows);
  const nodes: Node[] = [];
  const open: Place[] = placesOf(roots, -1).reverse();
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const at = nodes.length;
    nodes.push(nodeAt(place, nodes));
    // One by one: a call takes only so many arguments.
    for (const child of placesOf(children.get(place.row) ?? [], at).reverse()) open.push(child);
  }
  sumUp(nodes);
  return nodes;
}

interface Child {
  row: Row;
  note: string | null;
}

interface Place extends Child {
  parent: number;
  position: number;
  siblings: number;
}

function placesOf(children: Child[], parent: number): Place[] {
  return children.map((child, index) => ({
    ...child,
    parent,
    position: index + 1,
    siblings: children.length,
  }));
}

function nodeAt(place: Place, nodes: Node[]): Node {
  return { ...place, level: (nodes[place.parent]?.level ?? 0) + 1, size: 1, failedBelow: 0, scores: [] };
}

/** What judges the trace as a whole is at its first root. */
function addScores(nodes: Node[], scores: Row[]): void {
  const judged = new Map<string, Node>();
  for (const node of nodes) if (!judged.has(node.row.span_id)) judged.set(node.row.span_id, node);
  for (const score of scores) (judged.get(score.parent_span_id ?? "") ?? nodes[0])?.scores.push(score);
}

/** Children stand behind their parents: from the end each is whole before its parent counts it. */
function sumUp(nodes: Node[]): void {
  for (const node of nodes.toReversed()) {
    const parent = nodes[node.parent];
    if (parent === undefined) continue;
    parent.size += node.size;
    parent.failedBelow += node.failedBelow + (node.row.failed ? 1 : 0);
  }
}

interface Family {
  roots: Child[];
  children: Map<Row, Child[]>;
}

function familyOf(rows: Row[]): Family {
  const parents = parentsOf(rows);
  const cut = cutsOf(rows, parents);
  const family: Family = { roots: [], children: new Map() };
  for (const row of rows) {
    const parent = parents.get(row);
    if (parent === undefined || cut.has(row)) {
      family.roots.push({ row, note: noteOf(row, cut.has(row)) });
    } else {
      const siblings = family.children.get(parent) ?? [];
      siblings.push({ row, note: null });
      family.children.set(parent, siblings);
    }
  }
  return family;
}

function noteOf(row: Row, isCut: boolean): string | null {
  if (isCut) return "It is said to be below itself";
  // The parent of a request that came in is in the service that sent it.
  if (row.parent_span_id === null || row.top) return null;
  return `Its parent, ${row.parent_span_id}, is not here`;
}

function parentsOf(rows: Row[]): Map<Row, Row> {
  const spans = new Map<string, Row>();
  for (const row of rows) {
    if (!spans.has(row.span_id)) spans.set(row.span_id, row);
  }
  const parents = new Map<Row, Row>();
  for (const row of rows) {
    const parent = row.parent_span_id === null ? undefined : spans.get(row.parent_span_id);
    if (parent !== undefined) parents.set(row, parent);
  }
  return parents;
}

/** Of each circle the event at which it was come to: it becomes a root. */
function cutsOf(rows: Row[], parents: Map<Row, Row>): Set<Row> {
  const cuts = new Set<Row>();
  const walkedBy = new Map<Row, Row>();
  for (const start of rows) {
    let at: Row | undefined = start;
    while (at !== undefined && !walkedBy.has(at)) {
      walkedBy.set(at, start);
      at = parents.get(at);
    }
    if (at !== undefined && walkedBy.get(at) === start) cuts.add(at);
  }
  return cuts;
}

/** The indices of the nodes that are seen while the events of these ids are folded. */
export function unfolded(nodes: Node[], folded: ReadonlySet<string>): number[] {
  const seen: number[] = [];
  for (let at = 0; at < nodes.length; ) {
    const { row, size } = nodes[at] as Node;
    seen.push(at);
    at += folded.has(row.id) ? size : 1;
  }
  return seen;
}

/** The indices of those above a node, the nearest first. */
export function above(nodes: Node[], index: number): number[] {
  const found: number[] = [];
  for (let at = nodes[index]?.parent ?? -1; at >= 0; at = nodes[at]?.parent ?? -1) found.push(at);
  return found;
}
