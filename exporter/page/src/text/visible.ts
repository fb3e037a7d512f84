// What strangers wrote, made so that it cannot deceive: a character that would not be seen, would move others, or is not one
// at all, becomes a mark that names it. What belongs to a script or to an emoji stays as it is, so that all languages can be read.

/** A part of a text: as it is, or the names of characters that do not show, and what they are. */
export type Piece = { kind: "plain"; text: string } | { kind: "hidden"; text: string; title: string };

// Line feeds and tabs are seen by what they do.
const HIDDEN = String.raw`[[\p{Cc}\p{Cs}\p{DI}\u2028\u2029\uFFF9-\uFFFD]--[\n\t]]`;

const JOINING = "Arab Syrc Mong Nkoo Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr Tibt"
  .split(" ")
  .map((script) => String.raw`\p{Script=${script}}`)
  .join("");

const BELONGS = [
  String.raw`\r(?=\n)`,
  // Which of its two looks an emoji has, and emoji that are one of several.
  String.raw`(?<=\p{Emoji})[\uFE0E\uFE0F]`,
  String.raw`(?<=[\p{ExtPict}\p{EMod}\uFE0F])\u200D(?=\p{ExtPict})`,
  // The flags of England, Scotland and Wales. Other tags carry text that nobody sees.
  String.raw`(?<=\u{1F3F4})\u{E0067}\u{E0062}(?:\u{E0065}\u{E006E}\u{E0067}|\u{E0073}\u{E0063}\u{E0074}|\u{E0077}\u{E006C}\u{E0073})\u{E007F}`,
  // Whether letters join: Persian, Hindi and others are spelled with it.
  String.raw`(?<=[${JOINING}])[\u200C\u200D](?=[${JOINING}])`,
].join("|");

const UNSEEN = new RegExp(`${BELONGS}|(${HIDDEN})`, "gv");

/** The parts of `text` in order. Hidden characters that follow one another are one part. */
export function visible(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(UNSEEN)) {
    const character = match[1];
    if (character === undefined) continue;
    if (match.index > end) pieces.push({ kind: "plain", text: text.slice(end, match.index) });
    addHidden(pieces, character);
    end = match.index + character.length;
  }
  if (end < text.length) pieces.push({ kind: "plain", text: text.slice(end) });
  return pieces;
}

// Enough to tell what a run of them is; the title of a million would be another huge text.
const NAMED_IN_TITLE = 8;

function addHidden(pieces: Piece[], character: string): void {
  const { short, long } = nameOf(character);
  const last = pieces.at(-1);
  if (last?.kind !== "hidden") {
    pieces.push({ kind: "hidden", text: short, title: long });
    return;
  }
  last.text += ` ${short}`;
  const named = last.title.split("\n").length;
  if (named < NAMED_IN_TITLE) last.title += `\n${long}`;
  else if (!last.title.endsWith("…")) last.title += " …";
}

const C0 =
  "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(
    " ",
  );

const KNOWN: Record<number, string> = {
  0: "a null character",
  7: "rings a terminal's bell",
  8: "takes a terminal back by one",
  13: "takes a terminal to the begin of the line",
  27: "begins a command to a terminal",
  173: "soft hyphen: not seen within a line",
  1564: "Arabic letter mark: turns the direction of what is next to it",
  8203: "zero width space",
  8204: "zero width non-joiner",
  8205: "zero width joiner",
  8206: "left-to-right mark: turns the direction of what is next to it",
  8207: "right-to-left mark: turns the direction of what is next to it",
  8232: "line separator",
  8233: "paragraph separator",
  8234: "left-to-right embedding: changes the order of what follows",
  8235: "right-to-left embedding: changes the order of what follows",
  8236: "ends a change of the order",
  8237: "left-to-right override: changes the order of what follows",
  8238: "right-to-left override: reverses what follows",
  8288: "word joiner: has no width",
  8294: "left-to-right isolate: changes the order of what follows",
  8295: "right-to-left isolate: changes the order of what follows",
  8296: "first strong isolate: changes the order of what follows",
  8297: "ends an isolate",
  65279: "byte order mark: has no width",
  65533: "stands where there were bytes that are no character",
};

function nameOf(character: string): { short: string; long: string } {
  const code = character.codePointAt(0) ?? 0;
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const short = C0[code] ?? (code === 0x7f ? "DEL" : hex);
  return { short, long: `${hex}: ${KNOWN[code] ?? kindOf(code)}` };
}

function kindOf(code: number): string {
  if (code < 0xa0) return "a control character";
  if (code >= 0xd800 && code <= 0xdfff) return "half of a pair, and no character alone";
  if (code >= 0xe0000 && code <= 0xe007f) return "a tag: text that is not seen";
  if ((code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0100 && code <= 0xe01ef))
    return "a variation selector: not seen";
  return "a character that is not seen";
}
