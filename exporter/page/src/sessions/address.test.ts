import assert from "node:assert/strict";
import { test } from "node:test";
import { sessionHref, sessionPath } from "./address.ts";

const IDS = ["plain", "a/b", "a b", "100%", "%2F", "?q=1#x", "../up", "\u202eabc", "é", "a".repeat(5000)];

test("an id of any characters is one part of the address, and comes back as it was", () => {
  for (const id of IDS) {
    const { pathname, search, hash } = new URL(sessionHref(id), "http://localhost");
    const [, sessions, part, ...rest] = pathname.split("/");
    assert.equal(sessions, "sessions");
    assert.equal(decodeURIComponent(part ?? ""), id);
    assert.deepEqual([rest, search, hash], [[], "", ""]);
  }
});

test("the API is asked for the same id", () => {
  assert.equal(sessionPath("a/b"), "sessions/a%2Fb");
});

test("an id that would lead elsewhere is looked for among all events", () => {
  for (const id of [".", "..", ""]) {
    const { pathname, searchParams } = new URL(sessionHref(id), "http://localhost");
    assert.deepEqual([pathname, searchParams.get("session")], ["/", id]);
  }
});
