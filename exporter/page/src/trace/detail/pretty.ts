// JSON with a line for each value, and every value as it was written. It works on the text: nothing of it is rounded, and no depth
// is too much.

/** Deeper levels stand below one another: their spaces alone would be a huge text. */
const DEEPEST = 40;
const OPENING = "{[";
const CLOSING = "}]";
const BLANK = " \t\r\n";

/** `json`, which must be JSON, with two spaces for each level. */
export function pretty(json: string): string {
  const out: string[] = [];
  let depth = 0;
  let at = 0;
  while (at < json.length) {
    const character = json[at] as string;
    const end = endOfToken(json, at);
    if (OPENING.includes(character)) {
      const next = afterBlanks(json, end);
      if (CLOSING.includes(json[next] ?? "")) {
        out.push(character, json[next] as string);
        at = next + 1;
        continue;
      }
      depth += 1;
      out.push(character, lineAt(depth));
    } else if (CLOSING.includes(character)) {
      depth -= 1;
      out.push(lineAt(depth), character);
    } else if (character === ",") {
      out.push(",", lineAt(depth));
    } else if (character === ":") {
      out.push(": ");
    } else if (!BLANK.includes(character)) {
      out.push(json.slice(at, end));
    }
    at = end;
  }
  return out.join("");
}

function lineAt(depth: number): string {
  return `\n${"  ".repeat(Math.max(0, Math.min(depth, DEEPEST)))}`;
}

function afterBlanks(json: string, start: number): number {
  let at = start;
  while (at < json.length && BLANK.includes(json[at] as string)) at += 1;
  return at;
}

function endOfToken(json: string, start: number): number {
  const first = json[start] as string;
  if (first === '"') return endOfString(json, start);
  if ("{}[],:".includes(first) || BLANK.includes(first)) return start + 1;
  let at = start + 1;
  while (at < json.length && !"{}[],:".includes(json[at] as string) && !BLANK.includes(json[at] as string))
    at += 1;
  return at;
}

function endOfString(json: string, start: number): number {
  let quote = json.indexOf('"', start + 1);
  while (quote !== -1 && isEscaped(json, quote)) quote = json.indexOf('"', quote + 1);
  return quote === -1 ? json.length : quote + 1;
}

function isEscaped(json: string, quote: number): boolean {
  let at = quote - 1;
  while (json[at] === "\\") at -= 1;
  return (quote - 1 - at) % 2 === 1;
}
