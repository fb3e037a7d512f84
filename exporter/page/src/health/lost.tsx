// What was lost, why, and what to do about it.

import type { Row } from "../api/types.ts";
import { count } from "../format.ts";
import { Name } from "../parts/name.tsx";
import { Ago } from "../parts/when.tsx";
import type { Loss } from "./losses.ts";

/** Each reason, and what to do about it. */
export function Losses({ losses }: { losses: Loss[] }) {
  if (losses.length === 0) return null;
  return (
    <ul class="losses">
      {losses.map(({ sink, reason, count: lost, advice }) => (
        <li key={`${sink} ${reason}`}>
          <span class="number">{count(lost)}</span>
          <span class="reason">
            <code>{reason}</code>
            {sink !== null && ` to ${sink}`}
          </span>
          <span class="advice">{advice}</span>
        </li>
      ))}
    </ul>
  );
}

/** Which process lost something, and when: these are events themselves. */
export function LossEvents({ losses }: { losses: Row[] }) {
  if (losses.length === 0) return null;
  return (
    <section class="panel">
      <h2>Latest losses</h2>
      <ul class="losses">
        {losses.map((loss) => (
          <li key={loss.id}>
            <span class="number">{count(loss.loss_count)}</span>
            <span class="reason">
              <code>{loss.loss_reason}</code>
            </span>
            <span class="advice">
              <Ago time={loss.start_time} />
              <span class="soft">
                {" "}
                in <Name value={loss.service} />
                {loss.source !== null && `, ${loss.source}`}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
