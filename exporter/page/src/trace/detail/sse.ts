// Server-sent events, as a body has them.

export interface SseEvent {
  /** null: it has no name of its own. */
  name: string | null;
  id: string | null;
  data: string;
}

/** A part of a stream: whole events, and what a cut left of one at either end. */
export interface SsePart {
  before: string;
  events: SseEvent[];
  after: string;
}

/** The events of `text`. If it begins or ends at a cut, what is not surely a whole event there stays text. */
export function sseEvents(text: string, { tornBegin = false, tornEnd = false } = {}): SsePart {
  const blocks = text.replaceAll(/\r\n?/g, "\n").split(/\n\n+/);
  const before = tornBegin ? (blocks.shift() ?? "") : "";
  const after = tornEnd ? (blocks.pop() ?? "") : "";
  const events = blocks.map(event).filter((found) => found !== null);
  return { before, events, after };
}

function event(block: string): SseEvent | null {
  const found: SseEvent = { name: null, id: null, data: "" };
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    // What begins with a colon is a comment.
    if (colon === 0 || line === "") continue;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") found.name = value;
    else if (field === "id") found.id = value;
  }
  if (data.length === 0 && found.name === null && found.id === null) return null;
  return { ...found, data: data.join("\n") };
}

/** Whether a text reads like a stream of events, for where no header says so. */
export function looksLikeSse(text: string): boolean {
  return /^(?:\s*:[^\n]*\n)*\s*(?:event|data|id):/.test(text.slice(0, 1_000));
}
