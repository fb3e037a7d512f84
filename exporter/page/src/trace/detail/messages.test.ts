import assert from "node:assert/strict";
import { test } from "node:test";
import { folded, messagesOf, passages, withResults } from "./messages.ts";

function call(id: string, name = "weather") {
  return { role: "assistant", content: null, tool_calls: [{ id, function: { name, arguments: "{}" } }] };
}

function result(id: string, content: string) {
  return { role: "tool", tool_call_id: id, content };
}

function conversation(...given: object[]) {
  return withResults(messagesOf(given) ?? []);
}

test("a text is one part", () => {
  const [message] = conversation({ role: "user", content: "hi" });
  assert.deepEqual(message?.parts, [{ kind: "text", text: "hi" }]);
});

test("images, audio and files are described, by what is known of them", () => {
  const content = [{ type: "image", media_type: "image/png", url: "https://x.example/a.png", deep: {} }];
  const [message] = conversation({ role: "user", content });
  assert.deepEqual(message?.parts, [
    {
      kind: "media",
      type: "image",
      facts: [
        ["media_type", "image/png"],
        ["url", "https://x.example/a.png"],
      ],
    },
  ]);
});

test("a part of another form is kept as it is", () => {
  const [message] = conversation({ role: "user", content: [{ type: "video" }, 7, null] });
  assert.deepEqual(
    message?.parts.map(({ kind }) => kind),
    ["other", "other", "other"],
  );
});

test("the result of a tool stands with its call", () => {
  const messages = conversation(call("a"), result("a", "rain"));
  assert.equal(messages.length, 1);
  assert.deepEqual(messages[0]?.calls[0]?.result?.parts, [{ kind: "text", text: "rain" }]);
});

test("an id that comes again has its result each time", () => {
  const messages = conversation(call("a"), result("a", "rain"), call("a"), result("a", "sun"));
  const results = messages.map(({ calls }) => calls[0]?.result?.parts[0]);
  assert.deepEqual(results, [
    { kind: "text", text: "rain" },
    { kind: "text", text: "sun" },
  ]);
});

test("a result without a call is a message", () => {
  assert.equal(conversation(result("a", "rain"))[0]?.role, "tool");
});

test("joining changes nothing of what it is given", () => {
  const messages = messagesOf([call("a"), result("a", "rain")]) ?? [];
  withResults(messages);
  assert.equal(messages[0]?.calls[0]?.result, null);
});

test("messages within an object are found", () => {
  assert.equal(messagesOf({ messages: [{ role: "user", content: "hi" }] })?.length, 1);
});

for (const value of [null, undefined, 7, "text", [], [1], { content: "x" }, [{ role: 1 }], { messages: 1 }]) {
  test(`${JSON.stringify(value)} is no conversation`, () => {
    assert.equal(messagesOf(value), null);
  });
}

test("a call of any form has a name and arguments", () => {
  const strange = {
    role: "assistant",
    tool_calls: [null, 7, { function: { name: 1, arguments: { a: 1 } } }],
  };
  const [message] = conversation(strange);
  assert.deepEqual(
    message?.calls.map(({ name, arguments: given }) => [name, given]),
    [
      ["a tool", "{}"],
      ["a tool", "{}"],
      ["a tool", '{"a":1}'],
    ],
  );
});

test("a long history folds in the middle", () => {
  const numbers = Array.from({ length: 20 }, (_, at) => at);
  const { begin, middle, end } = folded(numbers);
  assert.deepEqual([begin.length, middle.length, end.length], [2, 12, 6]);
  assert.deepEqual([...begin, ...middle, ...end], numbers);
});

test("a history is not folded for a single message", () => {
  assert.deepEqual(folded(Array(9).fill(0)).middle, []);
});

test("fences hold code", () => {
  assert.deepEqual(passages("See:\n\n```python\nprint(1)\n```\nDone."), [
    { code: false, language: "", text: "See:\n" },
    { code: true, language: "python", text: "print(1)" },
    { code: false, language: "", text: "Done." },
  ]);
});

test("a fence that is not closed goes to the end", () => {
  assert.deepEqual(passages("```\nhalf"), [{ code: true, language: "", text: "half" }]);
});

test("a text of nothing but fences stays a text", () => {
  const text = "```\nx\n".repeat(10_000);
  assert.deepEqual(passages(text), [{ code: false, language: "", text }]);
});
