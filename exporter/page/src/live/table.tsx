// The rows, newest first.

import type { RefObject } from "preact";
import type { List } from "./list.ts";
import { EventRow, type RowActions } from "./row.tsx";

interface Props {
  list: List;
  /** Whether it is of a filter that is no more. */
  isStale: boolean;
  find: string;
  actions: RowActions;
  table: RefObject<HTMLTableElement | null>;
}

export function Table({ list, isStale, find, actions, table }: Props) {
  return (
    <table ref={table} class="events" aria-busy={isStale}>
      <caption class="only-read">What was recorded, newest first</caption>
      <thead>
        <tr>
          <th scope="col" class="time">
            Time
          </th>
          <th scope="col" class="kind-cell">
            Kind
          </th>
          <th scope="col" class="what">
            What
          </th>
          <th scope="col" class="status-cell">
            Status
          </th>
          <th scope="col" class="number took" title="The bar grows by the power of ten, from 1 ms to 100 s">
            Duration
          </th>
          <th scope="col" class="model-cell">
            Model
          </th>
          <th scope="col" class="number tokens">
            Tokens
          </th>
          <th scope="col" class="number cost">
            Cost
          </th>
          <th scope="col" class="user">
            User
          </th>
          <th scope="col" class="session">
            Session
          </th>
          <th scope="col" class="only-read">
            Service and source
          </th>
          <th scope="col" class="only-read">
            Input and answer
          </th>
        </tr>
      </thead>
      <tbody>
        {list.rows.map((row) => (
          <EventRow key={row.id} row={row} isFresh={list.fresh.has(row.id)} find={find} actions={actions} />
        ))}
      </tbody>
    </table>
  );
}
