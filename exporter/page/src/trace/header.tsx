// What a trace is as a whole.

import type { Row, Trace } from "../api/types.ts";
import { count, dollars, duration, short } from "../format.ts";
import { StatusBadge } from "../parts/badges.tsx";
import { CopyButton } from "../parts/copy.tsx";
import { Fact } from "../parts/fact.tsx";
import { Heading } from "../parts/heading.tsx";
import { nameOf } from "../parts/name.tsx";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { sessionHref } from "../sessions/address.ts";
import { axisOf } from "./axis.ts";
import { totalsOf } from "./totals.ts";

const NAME = 200;

export function Header({ trace, root }: { trace: Trace; root: Row | undefined }) {
  const { events, trace_id: id, truncated } = trace;
  const { failed, input, output, cost, firstTokenNs } = totalsOf(events);
  const user = events.find((row) => row.user_id !== null)?.user_id ?? null;
  const session = events.find((row) => row.session_id !== null)?.session_id ?? null;
  return (
    <header class="panel about">
      <div class="top">
        <Heading title={root === undefined ? "Trace" : nameOf(root)}>
          {root !== undefined && <StatusBadge row={root} />}{" "}
          {root?.method != null && <span class="soft">{root.method} </span>}
          <Text value={root === undefined ? "Trace" : nameOf(root)} limit={NAME} />
        </Heading>
        <div class="controls">
          <CopyButton value={() => location.href} label="Copy link" />
          <CopyButton value={id} label="Copy trace id" />
        </div>
      </div>
      <dl class="facts">
        {root !== undefined && (
          <Fact name="Began">
            <When time={root.start_time} />
          </Fact>
        )}
        <Fact name="Took">{duration(axisOf(events).ns)}</Fact>
        {firstTokenNs !== null && <Fact name="First token">{duration(firstTokenNs)}</Fact>}
        {input + output > 0 && (
          <Fact name="Tokens">
            {short(input)} in, {short(output)} out
          </Fact>
        )}
        {cost > 0 && <Fact name="Cost">{dollars(cost)}</Fact>}
        <Fact name="Events">
          {count(events.length)}
          {truncated && "+"}
          {failed > 0 && <span class="bad"> ({count(failed)} failed)</span>}
        </Fact>
        {root !== undefined && (
          <Fact name="Service">
            <Text value={root.service} limit={NAME} />
            {root.environment !== "" && (
              <span class="soft">
                {" "}
                <Text value={root.environment} limit={NAME} />
              </span>
            )}
          </Fact>
        )}
        {user !== null && (
          <Fact name="User">
            <a href={`/?${new URLSearchParams({ user })}`}>
              <Text value={user} limit={NAME} />
            </a>
          </Fact>
        )}
        {session !== null && (
          <Fact name="Session">
            <a href={sessionHref(session)}>
              <Text value={session} limit={NAME} />
            </a>
          </Fact>
        )}
      </dl>
      {truncated && (
        <p class="note">
          This trace has more events than are shown: these are the {count(events.length)} that began first.
        </p>
      )}
    </header>
  );
}
