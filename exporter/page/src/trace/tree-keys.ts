// What keys do in the tree: https://www.w3.org/WAI/ARIA/apg/patterns/treeview/.

import type { Node } from "./tree.ts";

export type Act = { go: number } | { fold: number } | { choose: number };

interface Where {
  nodes: Node[];
  /** Indices of the nodes that are seen, from above. */
  seen: number[];
  folded: ReadonlySet<string>;
  /** Index of the node that has the focus. */
  at: number;
  /** How many fit on a page. */
  page: number;
}

/** What `key` does there: go to a node, fold or unfold one, choose one; or nothing, and the key is the browser's. */
export function actOf(key: string, { nodes, seen, folded, at, page }: Where): Act | undefined {
  const node = nodes[at];
  if (node === undefined) return undefined;
  const place = seen.indexOf(at);
  const goTo = (to: number): Act => ({ go: seen[Math.min(Math.max(to, 0), seen.length - 1)] ?? at });
  const isOpen = node.size > 1 && !folded.has(node.row.id);
  switch (key) {
    case "ArrowDown":
      return goTo(place + 1);
    case "ArrowUp":
      return goTo(place - 1);
    case "PageDown":
      return goTo(place + page);
    case "PageUp":
      return goTo(place - page);
    case "Home":
      return goTo(0);
    case "End":
      return goTo(seen.length - 1);
    case "ArrowRight":
      if (isOpen) return { go: at + 1 };
      return node.size > 1 ? { fold: at } : { go: at };
    case "ArrowLeft":
      if (isOpen) return { fold: at };
      return { go: node.parent === -1 ? at : node.parent };
    case "Enter":
    case " ":
      return { choose: at };
    default:
      return undefined;
  }
}
