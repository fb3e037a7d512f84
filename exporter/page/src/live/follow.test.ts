import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { follow } from "./follow.ts";

let asked: string[];
let answers: (object | Error)[];
let told: string[];
let ending: AbortController;

beforeEach(() => {
  asked = [];
  told = [];
  ending = new AbortController();
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(globalThis, "fetch", async (url: string) => {
    asked.push(url);
    const answer = answers.shift() ?? new Error("no more answers");
    if (answer instanceof Error) throw answer;
    return Response.json(answer);
  });
  Object.assign(globalThis, { document: { hidden: false }, sessionStorage: { getItem: () => null } });
});

afterEach(() => {
  ending.abort();
  mock.timers.reset();
  mock.restoreAll();
});

function start(): void {
  void follow(7, { route: "/a" }, ending.signal, {
    onNews: (news) => told.push(`${news.matched} new`),
    onTrouble: (error) => told.push(error === null ? "well" : "trouble"),
  });
}

/** Lets that many seconds pass, and what then happens happen. */
async function pass(seconds: number): Promise<void> {
  mock.timers.tick(seconds * 1000);
  await new Promise((resolve) => setImmediate(resolve));
}

function news(matched: number, position: number) {
  return { events: [], matched, stored: matched, skipped: 0, position };
}

test("it asks each second for what came since it asked before", async () => {
  answers = [news(2, 9), news(0, 9), news(1, 10)];
  start();
  await pass(1);
  await pass(1);
  await pass(1);
  assert.deepEqual(asked, [
    "/api/v1/live?route=%2Fa&after=7&limit=50",
    "/api/v1/live?route=%2Fa&after=9&limit=50",
    "/api/v1/live?route=%2Fa&after=9&limit=50",
  ]);
  assert.deepEqual(told, ["2 new", "0 new", "1 new"]);
});

test("where nobody answers it asks less and less often, and goes on where it was", async () => {
  answers = [new Error("refused"), new Error("refused"), news(3, 9), news(0, 9)];
  start();
  await pass(1);
  await pass(1);
  assert.equal(asked.length, 1);
  await pass(1);
  await pass(3);
  assert.equal(asked.length, 2);
  await pass(1);
  assert.equal(asked.at(-1), "/api/v1/live?route=%2Fa&after=7&limit=50");
  assert.deepEqual(told, ["trouble", "trouble", "well", "3 new"]);
  await pass(1);
  assert.equal(asked.length, 4);
});

test("it stops when it is ended", async () => {
  answers = [news(1, 8)];
  start();
  await pass(1);
  ending.abort();
  await pass(60);
  assert.equal(asked.length, 1);
});

test("it waits while the tab is behind others", async () => {
  answers = [news(1, 8)];
  const page = Object.assign(new EventTarget(), { hidden: true });
  Object.assign(globalThis, { document: page });
  start();
  await pass(60);
  assert.deepEqual(asked, []);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  await pass(0);
  assert.equal(asked.length, 1);
});
