// The style's colours, for canvases: these know no variables of CSS, and no light-dark().

const known = new Map<string, string>();
const watchers = new Set<() => void>();
let probe: HTMLElement | undefined;

/** What `--name` is just now, as a canvas takes it. */
export function colour(name: string): string {
  let value = known.get(name);
  if (value === undefined) {
    probe ??= document.body.appendChild(Object.assign(document.createElement("span"), { hidden: true }));
    probe.style.color = `var(--${name})`;
    value = getComputedStyle(probe).color;
    known.set(name, value);
  }
  return value;
}

/** Calls `changed` whenever colours are others than before; gives what ends that. */
export function watchColours(changed: () => void): () => void {
  if (watchers.size === 0) begin();
  watchers.add(changed);
  return () => watchers.delete(changed);
}

// Two things decide: what the system prefers, and what was chosen on this page.
let begun = false;
function begin(): void {
  if (begun) return;
  begun = true;
  const tell = () => {
    known.clear();
    for (const changed of watchers) changed();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  new MutationObserver(tell).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
