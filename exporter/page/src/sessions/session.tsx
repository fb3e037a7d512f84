// One session: its turns in order, as the conversation that it was.

import { get } from "../api/client.ts";
import type { Row, Session, Turns } from "../api/types.ts";
import { count, dollars, duration, short } from "../format.ts";
import { Cost, StatusBadge, Tokens } from "../parts/badges.tsx";
import { CopyButton } from "../parts/copy.tsx";
import { Fact } from "../parts/fact.tsx";
import { Heading } from "../parts/heading.tsx";
import { Failed, Show } from "../parts/loaded.tsx";
import { More } from "../parts/more.tsx";
import { Name } from "../parts/name.tsx";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { sessionPath } from "./address.ts";
import { longGap } from "./gaps.ts";
import { usePages } from "./pages.ts";

const PAGE = 50;
const PREVIEW = 4_000;
const ID_LIMIT = 200;

export function SessionView({ sessionId = "" }: { sessionId?: string }) {
  const { first, pages, next, loadingMore, problem, more } = usePages<Turns>(
    (cursor, signal) => get(sessionPath(sessionId), { cursor, limit: PAGE }, signal),
    sessionId,
  );
  return (
    <div class="session">
      <Show of={first} what="the session">
        {({ session }) => (
          <>
            <Header session={session} />
            <Conversation turns={pages.flatMap(({ turns }) => turns)} />
          </>
        )}
      </Show>
      {problem !== undefined && <Failed error={problem} retry={more} />}
      {next !== null && <More loading={loadingMore} onMore={more} label="Later turns" />}
    </div>
  );
}

function Header({ session }: { session: Session }) {
  const { session_id: id, user_id: user, service, first, last, turns, failed, truncated } = session;
  const length = (Date.parse(last) - Date.parse(first)) * 1e6;
  return (
    <header class="panel about">
      <div class="top">
        <Heading title="Session">
          <span class="soft">Session</span> <Text value={id} limit={ID_LIMIT} />
        </Heading>
        <div class="controls">
          <a class="button small" href={`/?${new URLSearchParams({ session: id })}`}>
            All its events
          </a>
          <CopyButton value={id} label="Copy id" />
        </div>
      </div>
      <dl class="facts">
        {user !== null && (
          <Fact name="User">
            <a href={`/sessions?${new URLSearchParams({ user })}`}>
              <Name value={user} />
            </a>
          </Fact>
        )}
        <Fact name="Service">
          <Name value={service} />
        </Fact>
        <Fact name="Turns">
          {count(turns)}
          {truncated && "+"}
          {failed > 0 && <span class="bad"> ({count(failed)} failed)</span>}
        </Fact>
        <Fact name="Tokens">
          {short(session.input_tokens)} in, {short(session.output_tokens)} out
        </Fact>
        <Fact name="Cost">{dollars(session.cost_usd)}</Fact>
        <Fact name="Began">
          <When time={first} />
        </Fact>
        <Fact name="Lasted">{duration(length)}</Fact>
      </dl>
    </header>
  );
}

function Conversation({ turns }: { turns: Row[] }) {
  return (
    <ol class="turns">
      {turns.map((turn, index) => (
        <li key={turn.id}>
          <Gap ns={longGap(turns[index - 1], turn)} />
          <Turn turn={turn} number={index + 1} />
        </li>
      ))}
    </ol>
  );
}

function Gap({ ns }: { ns: number | null }) {
  return ns === null ? null : <p class="gap soft">{duration(ns)} later</p>;
}

function Turn({ turn, number }: { turn: Row; number: number }) {
  const tokensIn = turn.trace_input_tokens ?? turn.input_tokens;
  const tokensOut = turn.trace_output_tokens ?? turn.output_tokens;
  const cost = turn.trace_cost_usd ?? turn.cost_usd;
  const what = turn.name ?? turn.route ?? turn.path ?? turn.kind;
  return (
    <article class={turn.failed ? "turn failed" : "turn"} aria-label={`Turn ${number}`}>
      <div class="about-turn">
        <span class="number">{number}</span>
        <When time={turn.start_time} />
        <StatusBadge row={turn} />
        <span class="what">
          {turn.method !== null && <span class="soft">{turn.method} </span>}
          <Name value={what} />
        </span>
        {turn.model !== null && (
          <span class="soft">
            <Name value={turn.model} />
          </span>
        )}
        <span class="amounts">
          <span>{duration(turn.duration_ns)}</span>
          {tokensIn !== null && <Tokens input={tokensIn} output={tokensOut} />}
          {cost !== null && <Cost usd={cost} />}
          <a href={`/traces/${encodeURIComponent(turn.trace_id)}`}>
            trace<span class="only-read"> of turn {number}</span>
          </a>
        </span>
      </div>
      <Said by="in" text={turn.preview?.input ?? null} none="Nothing readable was asked." />
      <Said by="out" text={turn.preview?.output ?? null} none="Nothing readable was answered." />
      {turn.error_type !== null && (
        <p class="error bad">
          <Name value={turn.error_type} />
        </p>
      )}
    </article>
  );
}

function Said({ by, text, none }: { by: "in" | "out"; text: string | null; none: string }) {
  return (
    <div class={`said ${by}`}>
      <span class="only-read">{by === "in" ? "Asked: " : "Answered: "}</span>
      {text === null ? <p class="soft none">{none}</p> : <Text value={text} limit={PREVIEW} block />}
    </div>
  );
}
