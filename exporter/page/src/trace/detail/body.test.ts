import assert from "node:assert/strict";
import { test } from "node:test";
import { contentOf, lostWords, remarks } from "./body.ts";
import { hexDump } from "./bytes.ts";
import type { Body } from "./event.ts";

function body(head: string, more: Partial<Body> = {}): Body {
  return { size: head.length, kept: head.length, head, tail: "", encoding: "utf-8", json: false, ...more };
}

const FORMS: [what: string, body: Body, type: string, form: string][] = [
  ["an empty body", body(""), "application/json", "none"],
  ["JSON", body('{"a": 1}', { json: true }), "", "json"],
  ["JSON that the limits cut, but is JSON", body("{}", { json: true, size: 99 }), "application/json", "json"],
  ["JSON that is not whole", body('{"a": ', { tail: "1}", size: 99 }), "application/json", "text"],
  ["broken JSON that is said to be some", body("{oops}", { json: true }), "application/json", "text"],
  ["a stream", body("data: 1\n\n"), "text/event-stream; charset=utf-8", "events"],
  ["a stream of Bedrock's", body('{"a":1}\n{"b":2}', { decoded: "eventstream" }), "", "events"],
  ["lines of JSON", body("{}\n{}\n"), "application/x-ndjson", "events"],
  ["a form", body("a=1&b=%20"), "application/x-www-form-urlencoded", "fields"],
  ["a form that is not whole", body("a=1", { size: 99 }), "application/x-www-form-urlencoded", "text"],
  ["text", body("hello"), "text/plain", "text"],
  ["bytes", body("R0lG", { encoding: "base64" }), "image/gif", "bytes"],
  ["markup", body("<script>alert(1)</script>"), "text/html", "text"],
];

for (const [what, given, type, form] of FORMS) {
  test(`${what} is shown as ${form}`, () => {
    assert.equal(contentOf(given, type).form, form);
  });
}

test("text with bytes that are none is read as far as it can be", () => {
  const broken = body(btoa("good \xff bad"), { encoding: "base64" });
  assert.deepEqual(contentOf(broken, "text/plain"), { form: "text", head: "good \ufffd bad", tail: "" });
});

test("base64 that is broken shows no bytes", () => {
  const content = contentOf(body("%%%", { encoding: "base64" }), "image/png");
  assert.deepEqual(content, { form: "bytes", bytes: new Uint8Array() });
});

test("JSON of 10,000 levels is JSON", () => {
  const deep = "[".repeat(10_000) + "]".repeat(10_000);
  assert.equal(contentOf(body(deep), "application/json").form, "json");
});

test("a stream of which the middle was cut has the events of both ends", () => {
  const cut = body("data: 1\n\ndata: 2", { tail: "2\n\ndata: 3\n\n", size: 99 });
  const content = contentOf(cut, "text/event-stream");
  assert.ok(content.form === "events");
  assert.deepEqual([content.head.events.length, content.head.after], [1, "data: 2"]);
  assert.deepEqual([content.tail.before, content.tail.events.length], ["2", 1]);
});

test("what was not kept is told in bytes", () => {
  assert.equal(lostWords(body("", { size: 65_536, kept: 17_336 })), "48,200 of 65,536 bytes were not kept");
  assert.equal(lostWords(body("all of it")), null);
});

test("what was done to a body is told in sentences", () => {
  const done = body("x", {
    cut: 1,
    withheld: "brotli",
    content_type: "image/png",
    digest: "sha256:0a",
    decoded: "gzip,utf-16",
  });
  assert.deepEqual(remarks(done), [
    "Nothing of it was kept, because it could not be looked into: brotli.",
    "1 of its strings, lists, levels or media was cut by the limits of a rule.",
    "Only summed up: it was image/png.",
    "Its digest is sha256:0a.",
    "Shown decoded: it was sent as gzip, utf-16.",
  ]);
});

test("bytes have a line for each sixteen, in hexadecimal and in ASCII", () => {
  const bytes = new TextEncoder().encode("GIF89a\0\xff and more bytes");
  assert.equal(
    hexDump(bytes).split("\n")[0],
    "00000000  47 49 46 38 39 61 00 c3 bf 20 61 6e 64 20 6d 6f  GIF89a... and mo",
  );
});

test("only the first bytes are written out", () => {
  assert.equal(hexDump(new Uint8Array(5_000_000)).split("\n").length, 32);
});
