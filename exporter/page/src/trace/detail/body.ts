// What a recorded body is: how to show its content, and what is to be said of what is not there.

import { count } from "../../format.ts";
import { bytesOf } from "./bytes.ts";
import type { Body } from "./event.ts";
import { parseJson } from "./json.ts";
import { looksLikeSse, type SsePart, sseEvents } from "./sse.ts";

export type Content =
  | { form: "none" }
  | { form: "json"; value: unknown }
  | { form: "events"; head: SsePart; tail: SsePart }
  | { form: "fields"; fields: [name: string, value: string][] }
  | { form: "text"; head: string; tail: string }
  | { form: "bytes"; bytes: Uint8Array };

/** How many bytes were left out between head and tail. */
export function missing(body: Body): number {
  return Math.max(0, body.size - body.kept);
}

/** The content of a body of which a header tells the type. What is not whole is never shown as if it were. */
export function contentOf(body: Body, contentType = ""): Content {
  if (body.head === "" && body.tail === "") return { form: "none" };
  const type = mediaType(contentType);
  if (body.encoding === "base64") {
    if (!isTextual(type)) return { form: "bytes", bytes: bytesOf(body.head) };
    return { form: "text", head: broken(body.head), tail: broken(body.tail) };
  }
  return asJson(body, type) ?? asEvents(body, type) ?? asFields(body, type) ?? asText(body);
}

function asText({ head, tail }: Body): Content {
  return { form: "text", head, tail };
}

/** Of text with bytes in it that are no character, what can be read. */
function broken(base64: string): string {
  return new TextDecoder().decode(bytesOf(base64));
}

function asJson(body: Body, type: string): Content | null {
  // The limits of a rule leave out bytes of JSON in such a way that it stays JSON.
  if (missing(body) > 0 && !body.json) return null;
  const text = body.head + body.tail;
  if (!body.json && !isJsonType(type) && !/^\s*[[{]/.test(text.slice(0, 100))) return null;
  try {
    return { form: "json", value: parseJson(text) };
  } catch {
    return null;
  }
}

function asEvents(body: Body, type: string): Content | null {
  if (isLines(body, type)) {
    return { form: "events", head: lines(body.head + body.tail), tail: NOTHING };
  }
  if (type !== "text/event-stream" && !(type === "" && looksLikeSse(body.head))) return null;
  const torn = missing(body) > 0;
  // Head and tail that have nothing between them are one text.
  const [head, tail] = torn ? [body.head, body.tail] : [body.head + body.tail, ""];
  return {
    form: "events",
    head: sseEvents(head, { tornEnd: torn }),
    tail: sseEvents(tail, { tornBegin: torn }),
  };
}

/** Whether it has one JSON value on each line, and no line is torn. */
function isLines(body: Body, type: string): boolean {
  if (missing(body) > 0) return false;
  return /ndjson|jsonl|jsonlines/.test(type) || (body.decoded ?? "").includes("eventstream");
}

const NOTHING: SsePart = { before: "", events: [], after: "" };

function lines(text: string): SsePart {
  const found = text.split("\n").filter((line) => line.trim() !== "");
  return { ...NOTHING, events: found.map((data) => ({ name: null, id: null, data })) };
}

function asFields(body: Body, type: string): Content | null {
  if (type !== "application/x-www-form-urlencoded" || missing(body) > 0) return null;
  const fields = [...new URLSearchParams(body.head + body.tail)];
  return fields.length > 0 ? { form: "fields", fields } : null;
}

function mediaType(contentType: string): string {
  return (contentType.split(";")[0] ?? "").trim().toLowerCase();
}

function isJsonType(type: string): boolean {
  return type === "application/json" || type.endsWith("+json");
}

function isTextual(type: string): boolean {
  return (
    type.startsWith("text/") ||
    isJsonType(type) ||
    /\/(?:xml|javascript|x-www-form-urlencoded|.*\+xml)$/.test(type)
  );
}

/** What is to be said of a body beside its content, in sentences. */
export function remarks(body: Body): string[] {
  const said: string[] = [];
  if (body.withheld)
    said.push(`Nothing of it was kept, because it could not be looked into: ${body.withheld}.`);
  if (body.cut) {
    said.push(
      `${count(body.cut)} of its strings, lists, levels or media ${was(body.cut)} cut by the limits of a rule.`,
    );
  }
  if (body.json && missing(body) > 0) said.push("What was left out of it is marked where it was.");
  if (body.content_type) said.push(`Only summed up: it was ${body.content_type}.`);
  if (body.digest) said.push(`Its digest is ${body.digest}.`);
  if (body.decoded) said.push(`Shown decoded: it was sent as ${body.decoded.replaceAll(",", ", ")}.`);
  return said;
}

/** "48,200 of 65,536 bytes were not kept", or null if all is there. */
export function lostWords(body: Body): string | null {
  const lost = missing(body);
  return lost === 0 ? null : `${count(lost)} of ${count(body.size)} bytes ${was(lost)} not kept`;
}

function was(amount: number): string {
  return amount === 1 ? "was" : "were";
}
