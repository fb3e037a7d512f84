// The view "Sessions": the conversations that were had, the one that something happened in last at the top.

import { useLocation } from "preact-iso";
import { get } from "../api/client.ts";
import type { Session, Sessions } from "../api/types.ts";
import { count } from "../format.ts";
import { RangeButtons } from "../overview/controls.tsx";
import { boundsOf, parseRange, type Range, rangeQuery, rangeWords, rfc3339 } from "../overview/range.ts";
import { Cost, Tokens } from "../parts/badges.tsx";
import { Heading } from "../parts/heading.tsx";
import { Empty, Failed, Show } from "../parts/loaded.tsx";
import { More } from "../parts/more.tsx";
import { Name } from "../parts/name.tsx";
import { Ago } from "../parts/when.tsx";
import { sessionHref } from "./address.ts";
import { usePages } from "./pages.ts";

const PAGE = 50;

interface Asked {
  range: Range | null;
  user: string;
}

export function SessionsView() {
  const { url, query } = useLocation();
  const asked: Asked = {
    range: query.range || query.from ? parseRange(query) : null,
    user: query.user ?? "",
  };
  const { first, pages, next, loadingMore, problem, more } = usePages<Sessions>(
    (cursor, signal) => get("sessions", { ...sessionsQuery(asked), cursor, limit: PAGE }, signal),
    url,
  );
  return (
    <div class="sessions">
      <header class="top">
        <Heading title="Sessions">
          Sessions{" "}
          <small class="soft">{asked.range === null ? "of all time" : rangeWords(asked.range)}</small>
        </Heading>
        <Controls asked={asked} />
      </header>
      <Show of={first} what="sessions">
        {() => <List sessions={pages.flatMap(({ sessions }) => sessions)} asked={asked} />}
      </Show>
      {problem !== undefined && <Failed error={problem} retry={more} />}
      {next !== null && <More loading={loadingMore} onMore={more} label="Older sessions" />}
    </div>
  );
}

function Controls({ asked }: { asked: Asked }) {
  const { route } = useLocation();
  return (
    <div class="controls">
      <RangeButtons range={asked.range} href={(range) => href({ ...asked, range })}>
        <a
          class="button"
          href={href({ ...asked, range: null })}
          aria-current={asked.range === null ? "true" : undefined}
        >
          all
        </a>
      </RangeButtons>
      <form
        class="by-user"
        onSubmit={(event) => {
          event.preventDefault();
          route(href({ ...asked, user: String(new FormData(event.currentTarget).get("user") ?? "") }));
        }}
      >
        <input
          class="field"
          type="search"
          name="user"
          placeholder="user"
          aria-label="User"
          value={asked.user}
        />
        <button type="submit" class="button">
          Filter
        </button>
      </form>
    </div>
  );
}

function List({ sessions, asked }: { sessions: Session[]; asked: Asked }) {
  if (sessions.length === 0) {
    return (
      <Empty title={asked.user || asked.range ? "No session fits" : "No session was recorded yet"}>
        <p class="soft">
          What belongs together gets a session's id from the app, or from a header: see session_id in the
          documentation.
        </p>
      </Empty>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard too.
    <section class="scroll panel" tabIndex={0} aria-label="Sessions">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Session</th>
            <th scope="col">User</th>
            <th scope="col" class="less">
              Service
            </th>
            <th scope="col" class="number">
              Turns
            </th>
            <th scope="col" class="number">
              Failed
            </th>
            <th scope="col" class="number">
              Tokens
            </th>
            <th scope="col" class="number">
              Cost
            </th>
            <th scope="col" class="number less">
              First
            </th>
            <th scope="col" class="number">
              Last
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <SessionRow key={session.session_id} session={session} asked={asked} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function SessionRow({ session, asked }: { session: Session; asked: Asked }) {
  return (
    <tr>
      <td class="id">
        <a href={sessionHref(session.session_id)}>
          <Name value={session.session_id} />
        </a>
      </td>
      <td>
        {session.user_id !== null && (
          <a class="plain" href={href({ ...asked, user: session.user_id })} title="Only this user">
            <Name value={session.user_id} />
          </a>
        )}
      </td>
      <td class="soft less">
        <Name value={session.service} />
      </td>
      <td class="number">
        {count(session.turns)}
        {session.truncated && <span title="There are more than were counted">+</span>}
      </td>
      <td class="number">
        {session.failed > 0 ? <span class="bad">{count(session.failed)}</span> : <span class="soft">0</span>}
      </td>
      <td class="number">
        <Tokens input={session.input_tokens} output={session.output_tokens} />
      </td>
      <td class="number">
        <Cost usd={session.cost_usd} />
      </td>
      <td class="number soft less">
        <Ago time={session.first} />
      </td>
      <td class="number">
        <Ago time={session.last} />
      </td>
    </tr>
  );
}

function href({ range, user }: Asked): string {
  const query = new URLSearchParams(range === null ? {} : rangeQuery(range));
  if (user !== "") query.set("user", user);
  return query.size > 0 ? `/sessions?${query}` : "/sessions";
}

function sessionsQuery({ range, user }: Asked) {
  if (range === null) return { user };
  const { from, to } = boundsOf(range, Date.now() / 1000);
  return { user, from: rfc3339(from), to: "last" in range ? undefined : rfc3339(to) };
}
