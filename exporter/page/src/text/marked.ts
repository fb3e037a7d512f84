// What readers look for in a text: what a rule masked before it was recorded, and the words they search.

import { type Piece, visible } from "./visible.ts";

export type MarkedPiece =
  | { kind: "plain" | "masked" | "found"; text: string }
  | { kind: "hidden"; text: string; title: string };

// As docs/rules.md has them: redacted, hashed, or with the last four characters kept.
const MASKED = String.raw`\[redacted(?:[:…][0-9A-Za-z]{1,64})?\]`;

/** Of more parts, such as bytes that are no text, a browser would have too many elements to draw. */
export const MOST_PIECES = 2_500;

/** The parts of `text`, with what is hidden and masked in it, and where `term` is (without case). */
export function marked(text: string, term = ""): MarkedPiece[] {
  const pattern = new RegExp(term === "" ? `(${MASKED})` : `(${MASKED})|${escaped(term)}`, "giu");
  const seen = visible(text);
  if (seen.length > MOST_PIECES) return [inOne(seen)];
  return seen.flatMap((piece) => (piece.kind === "plain" ? split(piece.text, pattern) : [piece]));
}

/** As one mark, in which each hidden character is named. */
function inOne(pieces: Piece[]): MarkedPiece {
  const text = pieces.map((piece) => (piece.kind === "hidden" ? `‹${piece.text}›` : piece.text)).join("");
  return { kind: "hidden", text, title: "Full of characters that do not show; ‹ › has their names" };
}

function split(text: string, pattern: RegExp): MarkedPiece[] {
  const pieces: MarkedPiece[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) pieces.push({ kind: "plain", text: text.slice(end, match.index) });
    pieces.push({ kind: match[1] === undefined ? "found" : "masked", text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ kind: "plain", text: text.slice(end) });
  return pieces;
}

function escaped(term: string): string {
  return term.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
