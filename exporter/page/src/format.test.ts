import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, bytes, dollars, duration, shortDate } from "./format.ts";

test("durations have three digits that count, and the unit that fits", () => {
  assert.deepEqual(
    [null, 999, 1_200_000, 41_000_000, 412_000_000, 2_400_000_000, 185_000_000_000, 7_260_000_000_000].map(
      duration,
    ),
    ["–", "999 ns", "1.20 ms", "41.0 ms", "412 ms", "2.40 s", "3 m 05 s", "2 h 01 m"],
  );
});

test("small sums keep two digits that count", () => {
  assert.deepEqual([null, 0, 0.00042, 0.000000012, 0.5, 12.3].map(dollars), [
    "–",
    "$0",
    "$0.00042",
    "$1.2e-8",
    "$0.5",
    "$12.30",
  ]);
});

test("sizes are in powers of 1024", () => {
  assert.deepEqual([null, 12, 1536, 5 << 20].map(bytes), ["–", "12 B", "1.50 KiB", "5.00 MiB"]);
});

test("how long ago goes from seconds to days", () => {
  const now = Date.parse("2026-11-20T08:00:00Z");
  const times = [
    "2026-11-20T08:00:01Z",
    "2026-11-20T07:59:18Z",
    "2026-11-20T07:55:00Z",
    "2026-11-20T05:00:00Z",
    "2026-11-18T08:00:00Z",
  ];
  assert.deepEqual(
    times.map((time) => ago(time, now)),
    ["just now", "42 s ago", "5 min ago", "3 h ago", "2 d ago"],
  );
});

test("a date of another year tells the year", () => {
  assert.match(shortDate("2001-05-12T12:00:00Z"), /^May 12 2001$/);
});
