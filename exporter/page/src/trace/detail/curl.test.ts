import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { curlOf, quoted } from "./curl.ts";
import type { Body, Event } from "./event.ts";

function body(head: string, more: Partial<Body> = {}): Body {
  const size = new TextEncoder().encode(head).length;
  return { size, kept: size, head, tail: "", encoding: "utf-8", ...more };
}

function post(more: Partial<Event> = {}, sent = body('{"q": 1}'), headers: [string, string][] = []): Event {
  return {
    kind: "exchange",
    method: "POST",
    scheme: "https",
    host: "api.example",
    path: "/ask",
    query: "",
    request: { headers: [["content-type", "application/json"], ...headers], chunks: 1, body: sent },
    ...more,
  } as Event;
}

/** The arguments that a shell makes of a command. */
function words(command: string): string[] {
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${command}`;
  return execFileSync("sh", ["-c", script], { encoding: "utf-8" }).split("\0").slice(0, -1);
}

test("a request is sent again with its method, address, headers and body", () => {
  assert.equal(
    curlOf(post()),
    `curl --request 'POST' 'https://api.example/ask' \\
  --header 'content-type: application/json' \\
  --data-raw '{"q": 1}'`,
  );
});

test("a GET without a body is the address alone", () => {
  const event = post({ method: "GET", query: "a=1&b=2" }, body(""));
  assert.deepEqual(words(curlOf({ ...event, request: { headers: [], chunks: 0, body: body("") } })), [
    "https://api.example/ask?a=1&b=2",
  ]);
});

test("a HEAD waits for no body", () => {
  assert.equal(words(curlOf(post({ method: "HEAD" }, body(""))))[0], "--head");
});

const HOSTILE: [what: string, text: string][] = [
  ["single quotes", "it's '; rm -rf ~; '"],
  ["commands", "$(touch /tmp/pwned) `id` $HOME \\ \\' !! #"],
  ["lines", "one\ntwo\n\n"],
  ["controls", "a\x03\x1b[201~b\x7f\r\t\x9b\x01"],
  ["an override", "photo\u202egpj.exe 😀"],
  [
    "every character up to U+00FF",
    Array.from({ length: 255 }, (_, at) => String.fromCharCode(at + 1)).join(""),
  ],
  ["nothing", ""],
];

for (const [what, text] of HOSTILE) {
  test(`a shell gets ${what} as they are`, () => {
    assert.deepEqual(words(`curl ${quoted(text)}`), [text]);
  });
}

test("a terminal into which it is pasted gets no controls", () => {
  const command = curlOf(post({ path: "/\x1b" }, body("\x03\x1b[201~\r"), [["x-a", "\x07"]]));
  assert.doesNotMatch(command, /[^\P{Cc}\n]/u);
});

test("headers of the connection and those of HTTP/2 are left out", () => {
  const event = post({}, undefined, [
    ["Host", "other.example"],
    ["Content-Length", "8"],
    ["Connection", "keep-alive, X-Hop"],
    ["x-hop", "1"],
    ["transfer-encoding", "chunked"],
    [":authority", "other.example"],
    ["x-kept", "1"],
  ]);
  assert.deepEqual(headers(event), ["content-type: application/json", "x-kept: 1"]);
});

test("a header from which curl would read a file is left out", () => {
  assert.deepEqual(headers(post({}, undefined, [["@/etc/passwd", "x"]])), ["content-type: application/json"]);
});

test("a header without a value is sent without one", () => {
  assert.deepEqual(headers(post({}, undefined, [["x-empty", ""]])), [
    "content-type: application/json",
    "x-empty;",
  ]);
});

function headers(event: Event): string[] {
  const all = words(curlOf(event));
  return all.filter((_, at) => all[at - 1] === "--header");
}

test("curl makes no type up for a body that had none", () => {
  const event = post();
  event.request = { headers: [], chunks: 1, body: body("x") };
  assert.deepEqual(headers(event), ["content-type:"]);
});

test("an answer that may come compressed is decompressed", () => {
  const command = curlOf(post({}, undefined, [["accept-encoding", "gzip"]]));
  assert.ok(words(command).includes("--compressed"));
  assert.ok(!command.includes("gzip"));
});

test("brackets in an address are no patterns", () => {
  assert.ok(words(curlOf(post({ query: "a[]=1" }))).includes("--globoff"));
});

test("a path is not made shorter", () => {
  assert.ok(words(curlOf(post({ path: "/a/../b" }))).includes("--path-as-is"));
});

const REMARKS: [what: string, event: Event, remark: RegExp][] = [
  ["a masked parameter", post({ query: "token=[redacted]" }), /^# Some values were masked/],
  ["a masked value", post({}, body("{}", { masked: 1 })), /^# Some values were masked/],
  [
    "a cut body",
    post({}, body("{", { size: 1_000, tail: "}" })),
    /^# 999 of 1,000 bytes were not kept of the body/,
  ],
  ["a body cut by limits", post({}, body("{}", { cut: 2 })), /^# Parts of the body were cut/],
  ["a binary body", post({}, body("AAAA", { encoding: "base64" })), /^# Its body of 4 B is binary/],
  ["a body with null characters", post({}, body("a\0b")), /^# Its body of 3 B is binary/],
  ["a body that is not kept", post({}, body("", { size: 9, kept: 0 })), /not kept/],
];

for (const [what, event, remark] of REMARKS) {
  test(`${what} is told in a comment before the command`, () => {
    const command = curlOf(event);
    assert.match(command, remark);
    assert.match(command, /^(?:# [^\n]*\n)+curl /);
    words(command);
  });
}
