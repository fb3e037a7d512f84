// The sides of an event: which it has, and which of them is shown.

import type { Body, Event } from "./event.ts";
import { jsonOrNothing, sizeOf } from "./json.ts";
import { type Message, messagesOf } from "./messages.ts";

export const SIDES = {
  conversation: "Conversation",
  io: "Input & output",
  http: "Request & response",
  timing: "Timing & usage",
  metadata: "Metadata",
  raw: "Raw",
} as const;

export type Side = keyof typeof SIDES;

/** What was said to a model and by it. */
export interface Conversation {
  input: Message[];
  output: Message[];
  /** What is there and has not the form of messages. */
  others: { name: string; value: unknown }[];
}

/** The conversation of an event, or null if it has none. */
export function conversationOf({ llm, input, output }: Event): Conversation | null {
  if (!llm) return null;
  const asked = messagesOf(llm.input ?? jsonIn(input));
  const answered = messagesOf(llm.output ?? jsonIn(output));
  const others: Conversation["others"] = [];
  if (asked === null && hasContent(llm.input)) others.push({ name: "Input", value: llm.input });
  if (answered === null && hasContent(llm.output)) others.push({ name: "Output", value: llm.output });
  if (asked === null && answered === null && others.length === 0) return null;
  return { input: asked ?? [], output: answered ?? [], others };
}

function hasContent(value: unknown): boolean {
  return value !== null && value !== undefined && sizeOf(value) !== 0;
}

function jsonIn(body: Body | null | undefined): unknown {
  return body?.json && body.encoding === "utf-8" ? jsonOrNothing(body.head) : undefined;
}

/** In their order. The first one is what readers came for. */
export function sidesOf(event: Event, conversation: Conversation | null): Side[] {
  const hasTime = event.kind !== "score" && event.kind !== "loss";
  const has: Record<Side, boolean> = {
    conversation: conversation !== null,
    io: Boolean(event.input ?? event.output),
    http: Boolean(event.request ?? event.response),
    timing: hasTime,
    metadata: true,
    raw: true,
  };
  const sides = (Object.keys(SIDES) as Side[]).filter((side) => has[side]);
  // Of an event without any content, what is known of it comes before how long it took.
  const isBare = !has.conversation && !has.io && !has.http;
  return isBare ? ["metadata", ...sides.filter((side) => side !== "metadata")] : sides;
}

/** The one that the address names, if the event has it. */
export function chosenSide(sides: Side[], tab: string | undefined): Side {
  return sides.find((side) => side === tab) ?? (sides[0] as Side);
}
