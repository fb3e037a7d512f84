// What parts of a filter are called.

import { dateAndClock } from "../format.ts";
import type { Filter, Name } from "./filter.ts";

export const LABELS: Record<Name, string> = {
  q: "Text",
  range: "Time",
  from: "From",
  to: "Before",
  top: "Listed",
  failed: "Failed",
  route: "Route",
  status: "Status",
  model: "Model",
  service: "Service",
  environment: "Environment",
  source: "Source",
  kind: "Kind",
  method: "Method",
  user: "User",
  session: "Session",
  trace: "Trace",
  min_duration_ms: "Duration",
  max_duration_ms: "Duration",
  min_cost_usd: "Cost",
  max_cost_usd: "Cost",
};

/** The value of a part, in words. */
export function inWords(name: Name, value: string): string {
  switch (name) {
    case "from":
    case "to":
      return dateAndClock(value).slice(0, 19);
    case "min_duration_ms":
      return `≥ ${value} ms`;
    case "max_duration_ms":
      return `≤ ${value} ms`;
    case "min_cost_usd":
      return `≥ $${value}`;
    case "max_cost_usd":
      return `≤ $${value}`;
    default:
      return value;
  }
}

// These have controls of their own, that are always seen.
const SEEN: Name[] = ["q", "range", "top", "failed"];

/** What of a filter is shown as chips. */
export function chipsOf(filter: Filter): { name: Name; value: string }[] {
  return Object.entries(filter)
    .map(([name, value]) => ({ name: name as Name, value: value ?? "" }))
    .filter(({ name }) => !SEEN.includes(name));
}
