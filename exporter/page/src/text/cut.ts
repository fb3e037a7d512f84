// Where to cut a long text, so that no character is torn apart and, if that is possible, no line.

/** How far before the end of a part a line may end for the cut to be there. */
const SLACK = 2_000;

/** The index at which a part of at most `size` that begins at `start` ends. */
export function cutAt(text: string, start: number, size: number): number {
  const end = start + size;
  if (end >= text.length) return text.length;
  const line = text.lastIndexOf("\n", end - 1) + 1;
  if (line > start && line > end - SLACK) return line;
  return isWithinPair(text, end) ? end - 1 : end;
}

function isWithinPair(text: string, index: number): boolean {
  return (text.codePointAt(index - 1) ?? 0) > 0xffff;
}

/** The first `size` characters of a text, with an ellipsis if that is not all. */
export function beginning(text: string, size: number): string {
  if (text.length <= size) return text;
  return `${text.slice(0, isWithinPair(text, size) ? size - 1 : size)}…`;
}
