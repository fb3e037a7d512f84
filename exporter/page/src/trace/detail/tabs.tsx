// The tabs of an event: links, so that an address leads to each, and tabs for the keyboard and for screen readers.

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useLocation } from "preact-iso";
import { SIDES, type Side } from "./sides.ts";

interface Props {
  sides: Side[];
  chosen: Side;
  children: ComponentChildren;
}

const STEPS: Record<string, (at: number, length: number) => number> = {
  ArrowRight: (at, length) => (at + 1) % length,
  ArrowLeft: (at, length) => (at - 1 + length) % length,
  Home: () => 0,
  End: (_, length) => length - 1,
};

export function Tabs({ sides, chosen, children }: Props) {
  const { url, route } = useLocation();
  const list = useRef<HTMLDivElement>(null);
  const show = (side: Side) => {
    route(hrefOf(url, side), true);
    // The router moves the focus to the heading of what is new; but here only a part is.
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    show(sides[step(sides.indexOf(chosen), sides.length)] as Side);
  };
  return (
    <div class="sides">
      <div ref={list} role="tablist" aria-label="Sides of the event" class="tabs" onKeyDown={onKeyDown}>
        {sides.map((side) => (
          <a
            key={side}
            id={`tab-${side}`}
            role="tab"
            href={hrefOf(url, side)}
            aria-selected={side === chosen}
            aria-controls="side"
            tabIndex={side === chosen ? 0 : -1}
            onClick={(event) => {
              // Another button or key opens the link elsewhere.
              if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
              event.preventDefault();
              event.stopPropagation();
              show(side);
            }}
          >
            {SIDES[side]}
          </a>
        ))}
      </div>
      <div id="side" role="tabpanel" aria-labelledby={`tab-${chosen}`} class="side">
        <h2 class="only-read">{SIDES[chosen]}</h2>
        {children}
      </div>
    </div>
  );
}

function hrefOf(url: string, side: Side): string {
  const { pathname, search } = new URL(url, location.origin);
  const query = new URLSearchParams(search);
  query.set("tab", side);
  return `${pathname}?${query}`;
}
