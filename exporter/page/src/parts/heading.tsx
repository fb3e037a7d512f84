// The heading of a view: it names the tab too, and is where the focus goes when the view is opened.

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { visible } from "../text/visible.ts";

interface Props {
  /** What the tab is called. */
  title: string;
  /** What is shown, if it is not the title. */
  children?: ComponentChildren;
  /** Whether only screen readers are to have it. */
  hidden?: boolean;
}

export function Heading({ title, children, hidden = false }: Props) {
  useEffect(() => {
    document.title = `${inSight(title)} · offpath`;
  }, [title]);
  return (
    <h1 tabIndex={-1} class={hidden ? "only-read" : undefined}>
      {children ?? title}
    </h1>
  );
}

/** For when the address has changed: readers go on at the heading of what is new. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>("main h1, main")?.focus({ preventScroll: true });
}

/** Characters that turn others around would turn the tab's name around too. */
function inSight(title: string): string {
  return visible(title)
    .map(({ text }) => text)
    .join("");
}
