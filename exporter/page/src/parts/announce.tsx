// Says to people who do not see the page what happened on it. To be used rarely: each word interrupts somebody.

import { signal } from "@preact/signals";

const said = signal("");

/** Has screen readers say `words` when they come to it. */
export function announce(words: string): void {
  // The same words twice are a change only if something was between them.
  said.value = said.peek() === words ? `${words}\u00a0` : words;
}

/** Stands once in the frame. */
export function Announcer() {
  return (
    <div class="only-read" role="status">
      {said}
    </div>
  );
}
