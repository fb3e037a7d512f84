// A table that is sorted by whichever column one chooses.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { choose, type Order, sorted } from "./sort.ts";

export interface Column<T> {
  name: string;
  value: (row: T) => string | number | null;
  show: (row: T) => ComponentChildren;
  isText?: boolean;
}

export interface TableProps<T> {
  title: string;
  rows: T[];
  keyOf: (row: T) => string;
  columns: Column<T>[];
  /** The name of the column that it is sorted by at first. */
  by: string;
}

export function Table<T>({ title, rows, keyOf, columns, by }: TableProps<T>) {
  const order = useSignal<Order>({ column: by, descending: true });
  const { column, descending } = order.value;
  const chosen = columns.find(({ name }) => name === column);
  const inOrder = chosen === undefined ? rows : sorted(rows, chosen.value, descending);
  return (
    <div class="panel sums">
      <h2>{title}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard too. */}
      <section class="scroll" tabIndex={0} aria-label={title}>
        <table class="table">
          <thead>
            <tr>
              {columns.map(({ name, isText = false }) => (
                <th
                  key={name}
                  scope="col"
                  class={isText ? "" : "number"}
                  aria-sort={name !== column ? undefined : descending ? "descending" : "ascending"}
                >
                  <button
                    type="button"
                    class="sort"
                    onClick={() => {
                      order.value = choose(order.value, name, isText);
                    }}
                  >
                    {name}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {inOrder.map((row) => (
              <tr key={keyOf(row)}>
                {columns.map(({ name, show, isText = false }) => (
                  <td key={name} class={isText ? "what" : "number"}>
                    {show(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}
