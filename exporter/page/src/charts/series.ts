// Which lines a chart has, and in which colours: those that count most, and the rest together.

/** A line over time. `slot` is its colour, from 1 on; 0 is that of what is left over. */
export interface Series {
  key: string;
  name: string;
  slot: number;
  values: (number | null)[];
  /** Which of several values of the same name: "P95". */
  part?: string;
  dashed?: boolean;
}

/** How many colours can be told from each other. */
export const SLOTS = 7;

/** What a line may be made of. */
export interface Part {
  key: string;
  name: string;
  /** What is the rest already. */
  other: boolean;
  values: number[];
}

/** Keeps the colour of what had one before, and gives free ones to the others: at most `SLOTS` have one, the first of `keys`. */
export function assignSlots(before: ReadonlyMap<string, number>, keys: string[]): Map<string, number> {
  const chosen = keys.slice(0, SLOTS);
  const slots = new Map<string, number>();
  for (const key of chosen) {
    const slot = before.get(key);
    if (slot !== undefined) slots.set(key, slot);
  }
  const taken = new Set(slots.values());
  const free = Array.from({ length: SLOTS }, (_, index) => index + 1).filter((slot) => !taken.has(slot));
  for (const key of chosen) {
    if (!slots.has(key)) slots.set(key, free.shift() ?? 0);
  }
  return slots;
}

/** A line for each part that has a colour, in the order of these, and one for the sum of the others, if there are any. */
export function withRest(parts: Part[], slots: ReadonlyMap<string, number>): Series[] {
  const series: Series[] = [];
  let rest: number[] | undefined;
  for (const { key, name, other, values } of parts) {
    const slot = other ? undefined : slots.get(key);
    if (slot !== undefined) series.push({ key, name, slot, values });
    else rest = rest === undefined ? values : rest.map((sum, index) => sum + (values[index] ?? 0));
  }
  series.sort(bySlot);
  if (rest !== undefined) series.push({ key: "other", name: "Other", slot: 0, values: rest });
  return series;
}

/** So ordered, what becomes more than another does not change places with it while one looks. */
export function bySlot(one: { slot: number }, other: { slot: number }): number {
  return one.slot - other.slot;
}

/** The upper edge of each series when they stand on one another, the first at the bottom. */
export function stack(series: Series[]): number[][] {
  let below: number[] = [];
  return series.map(({ values }) => {
    below = values.map((value, index) => (value ?? 0) + (below[index] ?? 0));
    return below;
  });
}

/** The sum of what is there. */
export function sum(values: (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

/** The least and the most of all series; null where there is no value at all. */
export function extent(series: (number | null)[][]): [number, number] | null {
  let least = Infinity;
  let most = -Infinity;
  for (const values of series) {
    for (const value of values) {
      if (value === null) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  return least <= most ? [least, most] : null;
}

/** Where a value stands alone, so that no line would show it. */
export function lonely(values: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  for (let index = 0; index < values.length; index += 1) {
    if (values[index] != null && values[index - 1] == null && values[index + 1] == null) found.push(index);
  }
  return found;
}
