// Between the times of addresses, which are UTC, and those of inputs, which are the reader's.

/** "2026-11-20T09:00:00" of "2026-11-20T08:00:00Z", an hour east. */
export function toLocal(time: string): string {
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** And back; of what is no time, nothing. */
export function fromLocal(value: string): string {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? "" : `${date.toISOString().slice(0, 19)}Z`;
}
