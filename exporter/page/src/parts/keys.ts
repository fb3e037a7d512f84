// Keys that work everywhere in a view. They are for when nothing is being typed, can be switched off (speech input types letters
// too), and never take a key together with Ctrl, Alt or the like, which are the browser's and the screen reader's.

import { signal } from "@preact/signals";
import { type Inputs, useEffect } from "preact/hooks";

export interface Shortcut {
  /** As `KeyboardEvent.key` has it, or two with a space between them, one after the other: "g l". */
  keys: string;
  /** What it does: "Go to Live". */
  does: string;
  run: () => void;
}

const OFF = "offpath.keys-off";
const SEQUENCE_MS = 1_000;

export const shortcuts = signal<Shortcut[]>([]);
export const keysOff = signal(localStorage.getItem(OFF) !== null);
keysOff.subscribe((off) => {
  if (off) localStorage.setItem(OFF, "");
  else localStorage.removeItem(OFF);
});

/** Has these work for as long as the component is shown. */
export function useShortcuts(own: Shortcut[], inputs: Inputs): void {
  useEffect(() => {
    shortcuts.value = [...shortcuts.peek(), ...own];
    return () => {
      shortcuts.value = shortcuts.peek().filter((each) => !own.includes(each));
    };
  }, inputs);
}

/** Listens for as long as the page is open. */
export function listenForKeys(): () => void {
  let first: { key: string; at: number } | undefined;
  const onKey = (event: KeyboardEvent) => {
    if (!isFree(event)) return;
    const before = first !== undefined && event.timeStamp - first.at < SEQUENCE_MS ? `${first.key} ` : "";
    first = undefined;
    const found = shortcuts.peek().findLast(({ keys }) => keys === before + event.key);
    if (found !== undefined) {
      event.preventDefault();
      found.run();
    } else if (shortcuts.peek().some(({ keys }) => keys.startsWith(`${event.key} `))) {
      first = { key: event.key, at: event.timeStamp };
    }
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

const TYPED_IN = "input, select, textarea, [contenteditable], dialog";
const PRESSED_WITH_SPACE = "button, summary, [role=button]";

function isFree(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing)
    return false;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(TYPED_IN)) return false;
  if (event.key === " " && target?.closest(PRESSED_WITH_SPACE)) return false;
  // The list of the keys can always be seen: there they are switched on again.
  return !keysOff.peek() || event.key === "?";
}

/** Moves the focus by one among the elements that `selector` finds. */
export function moveFocus(selector: string, by: 1 | -1): void {
  const items = [...document.querySelectorAll<HTMLElement>(selector)];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next = at === -1 ? (by === 1 ? 0 : items.length - 1) : at + by;
  items[next]?.focus();
}
