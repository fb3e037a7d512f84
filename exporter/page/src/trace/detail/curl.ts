// A recorded request as a command that sends it again. What is in it was written by strangers, and is pasted into a shell: nothing
// of it may be anything but an argument.

import { bytes, count } from "../../format.ts";
import { lostWords, missing } from "./body.ts";
import { type Event, type HttpMessage, header } from "./event.ts";

/** `event`, which must be an exchange with a request, for a POSIX shell. */
export function curlOf(event: Event): string {
  const request = event.request as HttpMessage;
  const url = urlOf(event);
  const lines = [methodOf(event, request) + quoted(url)];
  if (/[[\]{}]/.test(url)) lines.push("--globoff");
  if (/\/\.\.?(?:[/?]|$)/.test(url)) lines.push("--path-as-is");
  lines.push(...headersOf(request).map((line) => `--header ${quoted(line)}`));
  if (header(request, "accept-encoding") !== undefined) lines.push("--compressed");
  if (hasText(request)) {
    if (header(request, "content-type") === undefined) lines.push("--header 'content-type:'");
    lines.push(`--data-raw ${quoted(request.body.head + request.body.tail)}`);
  }
  const command = lines.map((line) => line.trimEnd()).join(" \\\n  ");
  return [...remarksOn(event, request).map((remark) => `# ${remark}`), command].join("\n");
}

/** Whether a body is there and can be written into a command: no argument has a null character. */
function hasText({ body }: HttpMessage): boolean {
  const text = body.head + body.tail;
  return text !== "" && body.encoding === "utf-8" && !text.includes("\0");
}

function methodOf(event: Event, request: HttpMessage): string {
  const method = event.method ?? "GET";
  if (method === "HEAD") return "curl --head ";
  if (method === "GET" && !hasText(request)) return "curl ";
  return `curl --request ${quoted(method)} `;
}

function urlOf({ scheme = "http", host = "", path = "/", query = "" }: Event): string {
  const web = scheme.replace(/^ws/, "http");
  return `${web}://${host}${path}${query === "" ? "" : `?${query}`}`;
}

// Of the connection, not of the request; or curl's own to say.
const LEFT_OUT = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
// curl would read a file for "@name", and what is no name is no header.
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function headersOf(request: HttpMessage): string[] {
  const named = (header(request, "connection") ?? "").toLowerCase().split(",");
  const leftOut = new Set([...LEFT_OUT, ...named.map((name) => name.trim())]);
  if (request.body.decoded) leftOut.add("content-encoding");
  return (
    request.headers
      .filter(([name]) => HEADER_NAME.test(name) && !leftOut.has(name.toLowerCase()))
      // "name:" would take the header away.
      .map(([name, value]) => (value.trim() === "" ? `${name};` : `${name}: ${value}`))
  );
}

function remarksOn(event: Event, request: HttpMessage): string[] {
  const { body } = request;
  const said: string[] = [];
  if (event.websocket) said.push("This was a websocket: curl only asks for what came before it.");
  if (isMasked(event, request))
    said.push("Some values were masked before it was recorded: put them in for [redacted].");
  if (missing(body) > 0) {
    said.push(
      `${lostWords(body)} of the body: what is here is ${body.tail === "" ? "its begin" : "its begin and its end"}.`,
    );
  }
  if (body.cut) said.push("Parts of the body were cut by the limits of a rule.");
  if (body.size > 0 && !hasText(request)) {
    said.push(
      body.kept === 0
        ? `Its body of ${count(body.size)} bytes was not kept.`
        : `Its body of ${bytes(body.size)} is binary, and not here: add --data-binary @file.`,
    );
  }
  return said;
}

function isMasked({ path = "", query = "" }: Event, { headers, body }: HttpMessage): boolean {
  const texts = [path, query, ...headers.map(([, value]) => value), body.head, body.tail];
  return (body.masked ?? 0) > 0 || texts.some((text) => text.includes("[redacted"));
}

// A terminal into which they are pasted would obey them: a Ctrl-C ends the command, and a new one begins.
const CONTROL = /[^\P{Cc}\n]+/gu;

/** `text` as one word of a POSIX shell, whatever is in it. */
export function quoted(text: string): string {
  const word = text.replaceAll("'", `'\\''`).replaceAll(CONTROL, (run) => `'"$(printf '${octal(run)}')"'`);
  return `'${word}'`;
}

function octal(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
