// What was said to a model and by it, as the conversation that it was.

import { useMemo, useState } from "preact/hooks";
import { count, dollars, duration } from "../../format.ts";
import { Text } from "../../parts/text.tsx";
import type { Event, Llm } from "./event.ts";
import { kindOf } from "./json.ts";
import { JsonTree } from "./json-tree.tsx";
import { type Call, folded, type Message, type Part, passages, structured, withResults } from "./messages.ts";
import { useShown } from "./shown.tsx";
import type { Conversation } from "./sides.ts";

const NAME_LIMIT = 200;
/** How many messages of a long history are unfolded at once. */
const UNFOLDED = 100;
const TEXT_LIMIT = 10_000;
/** Longer texts are not looked through for code. */
const READABLE = 50_000;

export function ConversationView({ event, conversation }: { event: Event; conversation: Conversation }) {
  const { input, output } = useMemo(
    () => ({ input: folded(withResults(conversation.input)), output: withResults(conversation.output) }),
    [conversation],
  );
  // The newest first: they are what the answer is most about.
  const [unfolded, setUnfolded] = useState(0);
  const earlier = Math.max(0, input.middle.length - unfolded);
  const llm = event.llm as Llm;
  return (
    <section class="conversation" aria-label="Conversation">
      <Facts llm={llm} />
      <ol>
        <Messages messages={input.begin} />
        {earlier > 0 && (
          <li class="folded">
            <button type="button" class="button small" onClick={() => setUnfolded(unfolded + UNFOLDED)}>
              {count(earlier)} earlier {earlier === 1 ? "message" : "messages"}
            </button>
          </li>
        )}
        <Messages messages={input.middle.slice(earlier)} />
        <Messages messages={input.end} />
        <Messages messages={output} answer />
      </ol>
      {conversation.others.map(({ name, value }) => (
        <div key={name}>
          <h3>{name}</h3>
          <JsonTree value={value} />
        </div>
      ))}
      <End llm={llm} isAnswered={output.length > 0 || event.output != null} />
    </section>
  );
}

/** What it took, in one line: most readers want no more. */
function Facts({ llm }: { llm: Llm }) {
  const { first_token_ns: first, tokens_per_second: speed, usage, cost_usd: cost } = llm;
  const model = llm.response_model ?? llm.request_model;
  return (
    <p class="took soft">
      {model !== null && (
        <strong>
          <Text value={model} limit={NAME_LIMIT} />
        </strong>
      )}
      {first !== null && <span>First token after {duration(first)}</span>}
      {speed !== null && <span>{speed.toFixed(1)} tokens/s</span>}
      {usage.input !== undefined && <span>{count(usage.input)} tokens in</span>}
      {usage.output !== undefined && <span>{count(usage.output)} tokens out</span>}
      {cost !== null && <span>{dollars(cost)}</span>}
    </p>
  );
}

function Messages({ messages, answer = false }: { messages: Message[]; answer?: boolean }) {
  return messages.map((message, index) => (
    <li key={index} class={`message ${roleClass(message.role)}${answer ? " answer" : ""}`}>
      <h3>
        <Text value={message.role} limit={NAME_LIMIT} />
        {message.name !== null && (
          <span class="soft">
            {" "}
            <Text value={message.name} limit={NAME_LIMIT} />
          </span>
        )}
        {answer && <span class="badge">answer</span>}
      </h3>
      <Said message={message} />
    </li>
  ));
}

const ROLES = ["system", "developer", "user", "assistant", "tool"];

/** Roles of strangers are no classes of ours. */
function roleClass(role: string): string {
  return ROLES.includes(role) ? role : "other";
}

function Said({ message: { parts, reasoning, refusal, calls } }: { message: Message }) {
  const [shownParts, moreParts] = useShown(parts.length, "parts");
  const [shownCalls, moreCalls] = useShown(calls.length, "tool calls");
  return (
    <>
      {reasoning !== null && (
        <details class="reasoning">
          <summary>Reasoning</summary>
          <Text value={reasoning} limit={TEXT_LIMIT} block />
        </details>
      )}
      {parts.slice(0, shownParts).map((part, index) => (
        <PartView key={index} part={part} />
      ))}
      {moreParts}
      {refusal !== null && (
        <div class="refusal">
          <span class="badge warn">refused</span>
          <Text value={refusal} limit={TEXT_LIMIT} block />
        </div>
      )}
      {calls.slice(0, shownCalls).map((call, index) => (
        <CallView key={index} call={call} />
      ))}
      {moreCalls}
      {parts.length + calls.length === 0 && reasoning === null && refusal === null && (
        <p class="soft">Nothing was said.</p>
      )}
    </>
  );
}

function PartView({ part }: { part: Part }) {
  switch (part.kind) {
    case "text":
      return <Words text={part.text} />;
    case "media":
      return (
        <p class="media">
          <span class="badge">{part.type}</span>
          {part.facts.map(([name, value]) => (
            <span key={name}>
              <span class="soft">
                <Text value={name} limit={NAME_LIMIT} />{" "}
              </span>
              <Text value={value} limit={120} />
            </span>
          ))}
          <span class="soft">not loaded</span>
        </p>
      );
    case "other":
      return <JsonTree value={part.value} />;
  }
}

/** Text with its blocks of code; no other marks of Markdown are read. */
function Words({ text }: { text: string }) {
  const found = useMemo(() => (text.length > READABLE ? null : passages(text)), [text]);
  if (found === null) return <Text value={text} limit={TEXT_LIMIT} block />;
  return found.map((passage, index) =>
    passage.code ? (
      <div key={index} class="code">
        {passage.language !== "" && (
          <span class="language">
            <Text value={passage.language} limit={40} />
          </span>
        )}
        <Text value={passage.text} block />
      </div>
    ) : (
      <Text key={index} value={passage.text} limit={TEXT_LIMIT} block />
    ),
  );
}

function CallView({ call }: { call: Call }) {
  return (
    <div class="call-of-tool">
      <p class="about-call">
        <span class="badge kind tool">tool call</span>
        <code>
          <Text value={call.name} limit={NAME_LIMIT} />
        </code>
        {call.id !== null && (
          <span class="soft">
            <Text value={call.id} limit={60} />
          </span>
        )}
      </p>
      <div class="arguments">
        <Data text={call.arguments} />
      </div>
      {call.result !== null && (
        <div class="result">
          <p class="soft">Result</p>
          {call.result.parts.map((part, index) =>
            part.kind === "text" ? (
              <Data key={index} text={part.text} />
            ) : (
              <PartView key={index} part={part} />
            ),
          )}
        </div>
      )}
    </div>
  );
}

/** What went into a tool or came out of it: JSON, or text. */
function Data({ text }: { text: string }) {
  const value = useMemo(() => structured(text), [text]);
  const isTree = kindOf(value) === "object" || kindOf(value) === "array";
  return isTree ? <JsonTree value={value} /> : <Text value={text} limit={TEXT_LIMIT} block />;
}

/** What answers in words; the answers of others, such as embeddings, are no messages. */
const TALKING = ["chat", "text_completion", "generate_content"];

function End({ llm, isAnswered }: { llm: Llm; isAnswered: boolean }) {
  const isMissing =
    !isAnswered && llm.output === null && TALKING.includes(llm.operation ?? "") && llm.error_kind === null;
  return (
    <p class="end-of-answer soft">
      {isMissing && <span>No answer is kept.</span>}
      {llm.finish_reasons.length > 0 && (
        <span>
          Ended by <Text value={[...new Set(llm.finish_reasons)].join(", ")} limit={NAME_LIMIT} />
        </span>
      )}
      {llm.partial && (
        <span class="badge warn" title="The answer broke off, or a part of it was not kept">
          partial
        </span>
      )}
    </p>
  );
}
