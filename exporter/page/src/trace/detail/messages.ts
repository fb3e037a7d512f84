// The messages of a model's input and output, in the one form that docs/llm.md gives them, with each tool's result beside its call.
// They were written by strangers: whatever has not that form is kept as it is, to be shown as JSON.

import { jsonOrNothing } from "./json.ts";

export type Part =
  | { kind: "text"; text: string }
  | { kind: "media"; type: string; facts: [name: string, value: string][] }
  | { kind: "other"; value: unknown };

export interface Message {
  role: string;
  name: string | null;
  parts: Part[];
  reasoning: string | null;
  refusal: string | null;
  calls: Call[];
  toolCallId: string | null;
}

export interface Call {
  id: string | null;
  name: string;
  /** Of a stream that broke off, what came of them: then they are no JSON. */
  arguments: string;
  result: Message | null;
}

type Unknown = Record<string, unknown>;

/** The messages that `value` is, or null if it is not made of such. */
export function messagesOf(value: unknown): Message[] | null {
  if (isObject(value) && Array.isArray(value.messages)) return messagesOf(value.messages);
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every(isMessage)) return null;
  return list.map(message);
}

function isMessage(value: unknown): value is Unknown {
  return isObject(value) && typeof value.role === "string";
}

function isObject(value: unknown): value is Unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function message(given: Unknown): Message {
  return {
    role: String(given.role),
    name: text(given.name),
    parts: partsOf(given.content),
    reasoning: text(given.reasoning),
    refusal: text(given.refusal),
    calls: Array.isArray(given.tool_calls) ? given.tool_calls.map(call) : [],
    toolCallId: text(given.tool_call_id),
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function partsOf(content: unknown): Part[] {
  if (content === null || content === undefined || content === "") return [];
  return (Array.isArray(content) ? content : [content]).map(part);
}

const MEDIA = ["image", "audio", "file"];

function part(given: unknown): Part {
  if (typeof given === "string") return { kind: "text", text: given };
  if (!isObject(given)) return { kind: "other", value: given };
  if (given.type === "text" && typeof given.text === "string") return { kind: "text", text: given.text };
  if (typeof given.type === "string" && MEDIA.includes(given.type)) {
    return { kind: "media", type: given.type, facts: factsOf(given) };
  }
  return { kind: "other", value: given };
}

function factsOf({ type: _, ...rest }: Unknown): [string, string][] {
  return Object.entries(rest)
    .filter(([, value]) => value !== null && typeof value !== "object")
    .map(([name, value]) => [name, String(value)]);
}

function call(given: unknown): Call {
  const call = isObject(given) ? given : {};
  const named = isObject(call.function) ? call.function : call;
  return {
    id: text(call.id),
    name: text(named.name) ?? "a tool",
    arguments: typeof named.arguments === "string" ? named.arguments : jsonText(named.arguments),
    result: null,
  };
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value ?? {});
  } catch {
    // Too deep for it.
    return String(value);
  }
}

/** The same messages with the results of tools moved to the calls before them that they answer. */
export function withResults(messages: Message[]): Message[] {
  const waiting = new Map<string, Call>();
  const joined: Message[] = [];
  for (const message of messages) {
    const asked = message.role === "tool" ? waiting.get(message.toolCallId ?? "") : undefined;
    if (asked !== undefined) {
      asked.result = message;
      // Ids come again in long conversations: each result is for the newest call that has none.
      waiting.delete(message.toolCallId ?? "");
      continue;
    }
    const calls = message.calls.map((call) => ({ ...call }));
    for (const call of calls) if (call.id !== null) waiting.set(call.id, call);
    joined.push({ ...message, calls });
  }
  return joined;
}

const BEGIN = 2;
const END = 6;

/** Of a long history, its begin and its end, and what is between them. */
export function folded<T>(messages: T[]): { begin: T[]; middle: T[]; end: T[] } {
  if (messages.length <= BEGIN + END + 1) return { begin: messages, middle: [], end: [] };
  return {
    begin: messages.slice(0, BEGIN),
    middle: messages.slice(BEGIN, -END),
    end: messages.slice(-END),
  };
}

/** A part of a text: words, or what stands between fences of code. */
export interface Passage {
  code: boolean;
  language: string;
  text: string;
}

/** Beyond this many, a text with fences is not for reading. */
const MOST_PASSAGES = 200;

/** `text` by its fences of code. A fence that is not closed goes to the end. */
export function passages(text: string): Passage[] {
  const whole = [{ code: false, language: "", text }];
  if (!text.includes("```")) return whole;
  const found: Passage[] = [];
  let at = 0;
  let code = false;
  let language = "";
  for (const fence of text.matchAll(/^ {0,3}```([^\n`]*)(?:\n|$)/gm)) {
    // Within code, a fence with a language is a part of the code.
    if (code && fence[1]?.trim() !== "") continue;
    push(found, { code, language, text: text.slice(at, fence.index) });
    if (found.length > MOST_PASSAGES) return whole;
    code = !code;
    language = code ? (fence[1]?.trim() ?? "") : "";
    at = fence.index + fence[0].length;
  }
  push(found, { code, language, text: text.slice(at) });
  return found;
}

function push(found: Passage[], passage: Passage): void {
  const text = passage.text.replace(/^\n|\n$/g, "");
  if (text.trim() !== "") found.push({ ...passage, text });
}

/** A tool's arguments or result as JSON, if it is an object or an array of such. */
export function structured(text: string): unknown {
  if (!/^\s*[[{]/.test(text.slice(0, 100))) return undefined;
  return jsonOrNothing(text);
}
