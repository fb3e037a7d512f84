// Shows what strangers wrote: as text and nothing else, in its own direction, with marks for what would not be seen. A huge
// text is shown in part, and on demand wholly, bit by bit, so that the page answers meanwhile.

import { useEffect, useState } from "preact/hooks";
import { count } from "../format.ts";
import { cutAt } from "../text/cut.ts";
import { type MarkedPiece, marked } from "../text/marked.ts";
import { pure } from "./pure.ts";

const LIMIT = 20_000;
/** Browsers take seconds to break a word of more. */
const PART = 10_000;

interface Props {
  value: string;
  /** How many characters are shown until more is asked for. */
  limit?: number;
  /** What to highlight. */
  find?: string;
  /** Whether its lines are kept, each in its own direction; else it is a part of a line. */
  block?: boolean;
}

export function Text({ value, limit = LIMIT, find = "", block = false }: Props) {
  const Element = block ? "div" : "span";
  if (value.length <= limit) {
    return (
      <Element class={block ? "text block" : "text"} dir="auto">
        <Part text={value} find={find} />
      </Element>
    );
  }
  return <LongText key={value} value={value} limit={limit} find={find} block={block} />;
}

function LongText({ value, limit, find, block }: Required<Props>) {
  const [shown, setShown] = useState(() => partAfter(value, 0, limit));
  const [wantsAll, setWantsAll] = useState(false);
  const isWhole = shown.end >= value.length;
  useEffect(() => {
    if (!wantsAll || isWhole) return;
    // Each part is a task of its own: between them the page answers.
    const timer = setTimeout(() => {
      const next = partAfter(value, shown.end, PART);
      setShown({ parts: [...shown.parts, ...next.parts], end: next.end });
    });
    return () => clearTimeout(timer);
  }, [wantsAll, isWhole, shown, value]);
  const Element = block ? "div" : "span";
  return (
    <>
      <Element class={block ? "text block" : "text"} dir="auto" aria-busy={wantsAll && !isWhole}>
        {shown.parts.map((part, index) => (
          <span key={index} class="part">
            <Part text={part} find={find} />
          </span>
        ))}
      </Element>
      {!isWhole && !wantsAll && (
        <button type="button" class="button small" onClick={() => setWantsAll(true)}>
          Show all {count(value.length)} characters
        </button>
      )}
    </>
  );
}

function partAfter(value: string, start: number, size: number): { parts: string[]; end: number } {
  const end = cutAt(value, start, size);
  return { parts: [value.slice(start, end)], end };
}

/** A huge text has many, and each may have thousands of marks. */
const Part = pure(({ text, find }: { text: string; find: string }) => marked(text, find).map(pieceShown));

function pieceShown(piece: MarkedPiece, index: number) {
  switch (piece.kind) {
    case "plain":
      return piece.text;
    case "found":
      return <mark key={index}>{piece.text}</mark>;
    case "masked":
      return (
        <span key={index} class="masked" title="Masked by a rule before it was recorded">
          {piece.text}
        </span>
      );
    case "hidden":
      return (
        <span key={index} class="invisible" title={piece.title}>
          {piece.text}
        </span>
      );
  }
}
