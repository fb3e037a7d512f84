import assert from "node:assert/strict";
import { test } from "node:test";
import { looksLikeSse, sseEvents } from "./sse.ts";

test("events have their names, ids and data", () => {
  assert.deepEqual(sseEvents("event: delta\nid: 7\ndata: a\ndata: b\n\ndata:c\n\n").events, [
    { name: "delta", id: "7", data: "a\nb" },
    { name: null, id: null, data: "c" },
  ]);
});

test("lines may end in any of three ways", () => {
  assert.equal(sseEvents("data: a\r\n\r\ndata: b\r\rdata: c\n\n").events.length, 3);
});

test("comments and empty blocks are no events", () => {
  assert.deepEqual(sseEvents(": ping\n\n\n\nretry: 3\n\n").events, []);
});

test("what a cut left of an event is none", () => {
  assert.deepEqual(sseEvents('data: 1\n\ndata: {"a', { tornEnd: true }), {
    before: "",
    events: [{ name: null, id: null, data: "1" }],
    after: 'data: {"a',
  });
  assert.deepEqual(sseEvents('b": 1}\n\ndata: 2\n\n', { tornBegin: true }), {
    before: 'b": 1}',
    events: [{ name: null, id: null, data: "2" }],
    after: "",
  });
});

test("a stream is known by how it begins", () => {
  assert.ok(looksLikeSse("data: x\n\n"));
  assert.ok(looksLikeSse(": ping\nevent: x\n"));
  assert.ok(!looksLikeSse("some data: x"));
});
