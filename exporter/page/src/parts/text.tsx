// Shows what strangers wrote: as text and nothing else, in its own direction, with marks for what would not be seen. A huge
// text is shown in part, and on demand wholly, bit by bit, so that the page answers meanwhile.

import { useEffect, useMemo, useState } from "preact/hooks";
import { count } from "../format.ts";
import { cutAt } from "../text/cut.ts";
import { type MarkedPiece, marked } from "../text/marked.ts";

const LIMIT = 20_000;
const PART = 200_000;

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
  const [ends, setEnds] = useState(() => [cutAt(value, 0, limit)]);
  const [wantsAll, setWantsAll] = useState(false);
  const end = ends.at(-1) ?? 0;
  useEffect(() => {
    if (!wantsAll || end >= value.length) return;
    const timer = setTimeout(() => setEnds([...ends, cutAt(value, end, PART)]));
    return () => clearTimeout(timer);
  }, [wantsAll, ends, end, value]);
  const Element = block ? "div" : "span";
  return (
    <>
      <Element class={block ? "text block" : "text"} dir="auto" aria-busy={wantsAll && end < value.length}>
        {ends.map((to, index) => (
          <span key={to} class="part">
            <Part text={value.slice(ends[index - 1] ?? 0, to)} find={find} />
          </span>
        ))}
      </Element>
      {end < value.length && !wantsAll && (
        <button type="button" class="button small" onClick={() => setWantsAll(true)}>
          Show all {count(value.length)} characters
        </button>
      )}
    </>
  );
}

function Part({ text, find }: { text: string; find: string }) {
  const pieces = useMemo(() => marked(text, find), [text, find]);
  return <>{pieces.map(pieceShown)}</>;
}

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
