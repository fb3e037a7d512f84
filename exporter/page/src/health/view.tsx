// The view "Health": is anything being lost, and does everything get to where it is to go?

import { useEffect, useState } from "preact/hooks";
import { get } from "../api/client.ts";
import type { Events, Status } from "../api/types.ts";
import { dateAndClock } from "../format.ts";
import { Heading } from "../parts/heading.tsx";
import { type Loaded, Show, useLoaded } from "../parts/loaded.tsx";
import { useRefresh } from "../parts/refresh.ts";
import { Text } from "../parts/text.tsx";
import { Intake, Producers, Spool } from "./intake.tsx";
import { lostBeforeSpool, lostToSinks, verdict } from "./losses.ts";
import { LossEvents, Losses } from "./lost.tsx";
import { type Looks, withLook } from "./rates.ts";
import { Sinks } from "./sinks.tsx";

const LOOK_MS = 2_000;
const LOSSES_MS = 10_000;

export function HealthView() {
  const status = useLoaded((signal) => get<Status>("status", {}, signal), []);
  const losses = useLoaded((signal) => get<Events>("events", { kind: "loss", limit: 20 }, signal), []);
  useRefresh(status.reload, status.loading, LOOK_MS);
  useRefresh(losses.reload, losses.loading, LOSSES_MS);
  const looks = useLooks(status.value);
  return (
    <div class="health">
      <Heading title="Health" hidden />
      <Show of={status} what="how the exporter is">
        {(now) => <Content status={now} looks={looks} losses={losses} />}
      </Show>
    </div>
  );
}

function useLooks(status: Status | undefined): Looks {
  const [looks, setLooks] = useState<Looks>([]);
  useEffect(() => {
    if (status !== undefined) setLooks((before) => withLook(before, status));
  }, [status]);
  return looks;
}

function Content({ status, looks, losses }: { status: Status; looks: Looks; losses: Loaded<Events> }) {
  return (
    <>
      <Verdict status={status} looks={looks} />
      <Problems problems={status.problems} />
      <div class="stages">
        <Intake status={status} looks={looks} />
        <Producers producers={status.producers} />
        <Spool spool={status.spool} />
      </div>
      <Sinks sinks={status.sinks} looks={looks} />
      {losses.value !== undefined && <LossEvents losses={losses.value.events} />}
      <About status={status} />
    </>
  );
}

const SAID = { good: "Nothing is lost", warn: "Dead letters wait", bad: "Events were lost" };

/** The first line of all. It is read out when it becomes another kind of answer, not with each new number. */
function Verdict({ status, looks }: { status: Status; looks: Looks }) {
  const { state, words } = verdict(status, looks);
  return (
    <section class={`verdict ${state}`}>
      <p class="words">{words}</p>
      <p class="only-read" role="status">
        {SAID[state]}
      </p>
      <Losses losses={[...lostBeforeSpool(status), ...lostToSinks(status)]} />
    </section>
  );
}

function Problems({ problems }: { problems: string[] }) {
  if (problems.length === 0) return null;
  return (
    <section class="note bad problems">
      <h2>{problems.length === 1 ? "One problem" : `${problems.length} problems`}</h2>
      <ul>
        {problems.map((problem) => (
          <li key={problem}>
            <Text value={problem} limit={1_000} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function About({ status: { version, started_at, config } }: { status: Status }) {
  return (
    <p class="soft about">
      offpath {version}, started {dateAndClock(started_at).slice(0, 19)}. Configuration:{" "}
      {config.ok ? (
        "what is in the file is in force"
      ) : (
        <span class="bad">the file has errors, and what was in force before stays: see offpath check</span>
      )}
      . Rules <code>{config.rules}</code>.
    </p>
  );
}
