// The order of a table's rows.

export interface Order {
  column: string;
  descending: boolean;
}

/** The order after somebody chose a column: that column's usual one, or the other way round if it was chosen already. */
export function choose(order: Order, column: string, isText: boolean): Order {
  if (order.column === column) return { column, descending: !order.descending };
  return { column, descending: !isText };
}

/** The rows by the value of one column. Those without one come last in either direction; equal ones stay as they were. */
export function sorted<T>(rows: T[], value: (row: T) => string | number | null, descending: boolean): T[] {
  const direction = descending ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    if (typeof a === "string" && typeof b === "string") return direction * a.localeCompare(b);
    return direction * (Number(a) - Number(b));
  });
}
