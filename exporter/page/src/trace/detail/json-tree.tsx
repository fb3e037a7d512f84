// JSON as a tree that opens level by level: what is closed is not drawn, whatever is in it.

import { useState } from "preact/hooks";
import { count } from "../../format.ts";
import { Text } from "../../parts/text.tsx";
import { ExactNumber, isCutMark, kindOf, type Member, membersOf, sizeOf, summary } from "./json.ts";

const PAGE = 100;
const KEY_LIMIT = 200;
const STRING_LIMIT = 2_000;
/** What has no more than this is opened with what it is in, for some levels. */
const SMALL = 12;
const OPEN_LEVELS = 3;

/** `open` levels are shown at first. */
export function JsonTree({ value, open = OPEN_LEVELS }: { value: unknown; open?: number }) {
  return (
    <div class="json">
      <Value member={{ key: null, value }} open={open} root />
    </div>
  );
}

function Value({ member, open, root = false }: { member: Member; open: number; root?: boolean }) {
  const size = sizeOf(member.value);
  if (size === null || size === 0) {
    return (
      <div class={isCutMark(member) ? "leaf cut" : "leaf"}>
        <Key member={member} />
        <Leaf value={member.value} />
      </div>
    );
  }
  return <Branch member={member} size={size} open={open > 0 && (root || size <= SMALL)} levels={open - 1} />;
}

function Branch({
  member,
  size,
  open,
  levels,
}: {
  member: Member;
  size: number;
  open: boolean;
  levels: number;
}) {
  const [isOpen, setOpen] = useState(open);
  const [shown, setShown] = useState(PAGE);
  const isArray = Array.isArray(member.value);
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Key member={member} />
        {isOpen ? (
          <span class="soft">{`${isArray ? "[" : "{"} ${sizeWords(size, isArray)}`}</span>
        ) : (
          <span class="soft">
            <Text value={summary(member.value)} />
          </span>
        )}
      </summary>
      {isOpen && (
        <>
          <div class="members">
            {membersOf(member.value, shown).map((inner, index) => (
              <Value key={index} member={inner} open={levels} />
            ))}
            {size > shown && (
              <button type="button" class="button small" onClick={() => setShown(shown + 10 * PAGE)}>
                Show more of {count(size - shown)}
              </button>
            )}
          </div>
          <div class="soft" aria-hidden="true">
            {isArray ? "]" : "}"}
          </div>
        </>
      )}
    </details>
  );
}

function sizeWords(size: number, isArray: boolean): string {
  const noun = isArray ? "item" : "member";
  return `${count(size)} ${noun}${size === 1 ? "" : "s"}`;
}

function Key({ member: { key } }: { member: Member }) {
  if (key === null) return null;
  return (
    <span class="key">
      <Text value={key} limit={KEY_LIMIT} />
      {": "}
    </span>
  );
}

function Leaf({ value }: { value: unknown }) {
  const kind = kindOf(value);
  if (kind === "string") {
    const text = value as string;
    return (
      <span class="string">
        <Text value={text} limit={STRING_LIMIT} block={text.includes("\n")} />
      </span>
    );
  }
  if (kind === "array" || kind === "object")
    return <span class="soft">{kind === "array" ? "[]" : "{}"}</span>;
  return <span class={kind}>{value instanceof ExactNumber ? value.source : String(value ?? null)}</span>;
}
