// Long lists, of which only a part is drawn until more is asked for: strangers decide how long they are.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { count } from "../../format.ts";

const FIRST = 100;
const MORE = 1_000;

/** How many of `total` are to be drawn, and the button that draws more, if there are more. */
export function useShown(total: number, noun = ""): [shown: number, more: ComponentChildren] {
  const [shown, setShown] = useState(FIRST);
  const left = total - shown;
  if (left <= 0) return [total, null];
  const button = (
    <button type="button" class="button small" onClick={() => setShown(shown + MORE)}>
      Show {count(Math.min(left, MORE))} more of {count(left)} {noun}
    </button>
  );
  return [shown, button];
}
