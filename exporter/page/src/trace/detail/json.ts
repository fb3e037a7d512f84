// JSON of strangers, made ready to be shown: with numbers as they were written, and so that no depth overflows the stack.

import { beginning } from "../../text/cut.ts";

/** A number that JavaScript cannot hold, as it was written. */
export class ExactNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** As JSON.parse, but with numbers of many digits as they were written. Throws what JSON.parse throws. */
export function parseJson(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  try {
    return JSON.parse(text, exactly as (key: string, value: unknown) => unknown);
  } catch (error) {
    // Unlike parsing, looking at each value is recursive: what is too deep for it has its numbers rounded.
    if (error instanceof RangeError) return JSON.parse(text);
    throw error;
  }
}

function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined) return value;
  return !Number.isSafeInteger(value) && source.length > 16 ? new ExactNumber(source) : value;
}

/** What `text` is as JSON, or undefined if it is none. */
export function jsonOrNothing(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Whether it has members, and which of both it is. */
export function kindOf(value: unknown): "array" | "object" | "string" | "number" | "boolean" | "null" {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (value instanceof ExactNumber) return "number";
  if (typeof value === "object") return "object";
  return typeof value as "string" | "number" | "boolean";
}

/** How many members an array or an object has; null of anything else. */
export function sizeOf(value: unknown): number | null {
  const kind = kindOf(value);
  if (kind === "array") return (value as unknown[]).length;
  return kind === "object" ? Object.keys(value as object).length : null;
}

export interface Member {
  /** null in an array. */
  key: string | null;
  value: unknown;
}

/** The first `count` members of an array or an object. */
export function membersOf(value: unknown, count: number): Member[] {
  if (Array.isArray(value)) return value.slice(0, count).map((item) => ({ key: null, value: item }));
  const object = value as Record<string, unknown>;
  return Object.keys(object)
    .slice(0, count)
    .map((key) => ({ key, value: object[key] }));
}

/** Beyond this, a summary only says that there is something. */
const SUMMARY_LEVELS = 4;

/** `{"id": 1, "tags": ["a", …]}`: what is in it, in one short line. */
export function summary(value: unknown, limit = 100, levels = SUMMARY_LEVELS): string {
  const kind = kindOf(value);
  if (kind !== "array" && kind !== "object") return leaf(value, limit);
  const [open, close] = kind === "array" ? "[]" : "{}";
  const size = sizeOf(value) ?? 0;
  if (size > 0 && (levels === 0 || limit < 8)) return `${open}…${close}`;
  const parts: string[] = [];
  let left = limit;
  for (const { key, value: inner } of membersOf(value, 20)) {
    if (left <= 0) break;
    const name = key === null ? "" : `${leaf(key, 30)}: `;
    const part = name + summary(inner, left - name.length, levels - 1);
    left -= part.length + 2;
    parts.push(part);
  }
  if (parts.length < size) parts.push("…");
  return `${open}${parts.join(", ")}${close}`;
}

function leaf(value: unknown, limit: number): string {
  if (value instanceof ExactNumber) return value.source;
  if (typeof value !== "string") return String(value ?? null);
  return JSON.stringify(beginning(value, Math.max(limit, 8)));
}

const CUT_KEY = "…";
const CUT_VALUE = /(?:^… \d+ more items?$|^[[{]… \d+ (?:items?|members?)[\]}]$|… \(\+\d+ characters?\)$)/;

/** Whether a member stands where the limits of a rule left something out, as docs/rules.md has it. */
export function isCutMark({ key, value }: Member): boolean {
  return key === CUT_KEY || (typeof value === "string" && CUT_VALUE.test(value.slice(-60)));
}
