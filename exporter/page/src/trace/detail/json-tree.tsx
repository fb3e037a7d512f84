// JSON as a tree that opens level by level: what is closed is not drawn, whatever is in it.

import { useState } from "preact/hooks";
import { count } from "../../format.ts";
import { Text } from "../../parts/text.tsx";
import { ExactNumber, isCutMark, kindOf, type Member, membersOf, sizeOf, summary } from "./json.ts";
import { useShown } from "./shown.tsx";

const KEY_LIMIT = 200;
const STRING_LIMIT = 2_000;
/** What has no more than this is opened with what it is in, for some levels. */
const SMALL = 12;
const OPEN_LEVELS = 3;

/** `closed`, it is one line until somebody opens it. */
export function JsonTree({ value, closed = false }: { value: unknown; closed?: boolean }) {
  return (
    <div class="json">
      <Value member={{ key: null, value }} isOpen={!closed} levels={OPEN_LEVELS} />
    </div>
  );
}

interface ValueProps {
  member: Member;
  isOpen: boolean;
  /** How many levels are open at first, with this one. */
  levels: number;
}

function Value({ member, isOpen, levels }: ValueProps) {
  const size = sizeOf(member.value) ?? 0;
  if (size > 0) return <Branch member={member} isOpen={isOpen} levels={levels} size={size} />;
  return (
    <div class={isCutMark(member) ? "leaf cut" : "leaf"}>
      <Key member={member} />
      <Leaf value={member.value} />
    </div>
  );
}

function Branch({ member, isOpen: openAtFirst, levels, size }: ValueProps & { size: number }) {
  const [isOpen, setOpen] = useState(openAtFirst);
  const [shown, more] = useShown(size);
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
              <Value
                key={index}
                member={inner}
                isOpen={levels > 1 && size <= SMALL && (sizeOf(inner.value) ?? 0) <= SMALL}
                levels={levels - 1}
              />
            ))}
            {more}
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
