// What the API answers. exporter/schema/api.openapi.json is where it is described.

/** RFC 3339, UTC, nine digits. */
export type Time = string;

/** One event, as lists and trees show it. What a kind of event does not have is null. */
export interface Row {
  seq: number;
  id: string;
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  start_time: Time;
  duration_ns: number;
  first_byte_ns: number | null;
  /** "exchange", "score", "loss", or a span's type: span, generation, event, embedding, agent, tool, chain, … */
  kind: string;
  service: string;
  environment: string;
  /** asgi, envoy (requests that came in), httpx, aiohttp (calls that went out), sdk, otel. */
  source: string | null;
  rule: string | null;
  /** Whether a trace begins with it in this app: a request that came in, or a span that has no parent. */
  top: boolean;
  failed: boolean;
  outcome: string | null;
  method: string | null;
  host: string | null;
  path: string | null;
  route: string | null;
  status: number | null;
  client: string | null;
  error_type: string | null;
  request_size: number | null;
  response_size: number | null;
  user_id: string | null;
  session_id: string | null;
  name: string | null;
  level: string | null;
  system: string | null;
  operation: string | null;
  model: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  total_tokens: number | null;
  cost_usd: number | null;
  first_token_ns: number | null;
  /** Whether sums count its tokens and cost: not where a call below it tells the same ones. */
  usage_counts: boolean;
  /** Of one that is `top`: what all that was below it used when it ended, itself included. */
  trace_input_tokens: number | null;
  trace_output_tokens: number | null;
  trace_cost_usd: number | null;
  score_value: number | null;
  score_text: string | null;
  loss_reason: string | null;
  loss_count: number | null;
  /** The beginnings of what was said last and of what was answered; null in trees. */
  preview: Preview | null;
}

export interface Preview {
  input: string | null;
  output: string | null;
}

/** GET /api/v1/events: newest first. */
export interface Events {
  events: Row[];
  /** For `cursor`; null at the end. A page may be short and yet not the last: searching goes on where it stopped. */
  next: string | null;
  /** How far back was looked, where that is not all; null if it is. */
  reached: Time | null;
}

/** GET /api/v1/live: what was stored since `after`. */
export interface Live {
  /** The newest of those that match, newest first. */
  events: Row[];
  /** How many match. */
  matched: number;
  /** How many were stored. */
  stored: number;
  /** How many were not looked at, because there were too many. */
  skipped: number;
  /** For `after`, next time. */
  position: number;
}

/** GET /api/v1/traces/{trace_id}. */
export interface Trace {
  trace_id: string;
  /** In the order of their starts; scores are among them. */
  events: Row[];
  /** Whether there are more than are told. */
  truncated: boolean;
}

/** GET /api/v1/sessions: the one that something happened in last comes first. */
export interface Sessions {
  sessions: Session[];
  next: string | null;
  reached: Time | null;
}

export interface Session {
  session_id: string;
  user_id: string | null;
  service: string;
  first: Time;
  last: Time;
  turns: number;
  failed: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number;
  /** Whether it has more than were counted. */
  truncated: boolean;
}

/** GET /api/v1/sessions/{session_id}: what it is, and its turns, oldest first. */
export interface Turns {
  session: Session;
  /** What is `top` in it, with long previews. */
  turns: Row[];
  next: string | null;
}

/** GET /api/v1/facets: what there is to choose from, with how often, most first. */
export interface Facets {
  services: Facet[];
  environments: Facet[];
  sources: Facet[];
  routes: Facet[];
  models: Facet[];
}

export interface Facet {
  value: string;
  count: number;
}

/** GET /api/v1/overview. Each series has a value for each of `times`. */
export interface Overview {
  from: Time;
  to: Time;
  step_seconds: number;
  /** When each step begins, in Unix seconds. */
  times: number[];
  all: RouteSeries;
  /** Those with the most requests; the rest together is the last one, with `other`. */
  routes: RouteSeries[];
  heat: Heat;
  models: ModelSeries[];
}

export interface RouteSeries {
  service: string | null;
  /** A route's template; of calls that went out, the host; of spans, their name; null: it has none. */
  route: string | null;
  other: boolean;
  requests: number[];
  errors: number[];
  p50_ns: (number | null)[];
  p95_ns: (number | null)[];
  p99_ns: (number | null)[];
  tokens: number[];
  cost_usd: number[];
  total: {
    requests: number;
    errors: number;
    p50_ns: number | null;
    p95_ns: number | null;
    p99_ns: number | null;
    input_tokens: number;
    output_tokens: number;
    cost_usd: number;
  };
}

/** How many requests took how long, over time. */
export interface Heat {
  /** The upper bound of each row, ascending; each is as much larger than the one before. */
  bounds_ns: number[];
  /** For each of `times`, a count for each of `bounds_ns`. */
  counts: number[][];
}

export interface ModelSeries {
  system: string | null;
  model: string | null;
  other: boolean;
  calls: number[];
  errors: number[];
  input_tokens: number[];
  output_tokens: number[];
  cost_usd: number[];
  first_token_p50_ns: (number | null)[];
  first_token_p95_ns: (number | null)[];
  total: {
    calls: number;
    errors: number;
    input_tokens: number;
    output_tokens: number;
    cost_usd: number;
    p50_ns: number | null;
    p95_ns: number | null;
    first_token_p50_ns: number | null;
    first_token_p95_ns: number | null;
  };
}

/** GET /api/v1/status: see exporter/schema/status.schema.json. */
export interface Status {
  version: string;
  at: Time;
  started_at: Time;
  uptime_seconds: number;
  ready: boolean;
  problems: string[];
  events: Record<string, number>;
  unsampled: Record<string, number>;
  dropped: Record<string, number>;
  envoy: { batches: Record<string, number> };
  producers: { name: string; used_ratio: number }[];
  spool: {
    bytes: number;
    max_bytes: number;
    records: number;
    oldest_seconds: number;
    errors: Record<string, number>;
  };
  sinks: SinkStatus[];
  config: { ok: boolean; rules: string };
}

export interface SinkStatus {
  name: string;
  type: string;
  state: "starting" | "ok" | "retrying" | "blocked";
  kind: string | null;
  problem: string | null;
  since: Time | null;
  retry_at: Time | null;
  lag_seconds: number;
  backlog_events: number;
  sent: number;
  errors: Record<string, number>;
  dropped: Record<string, number>;
  dead_letters: number;
  parcels: number;
  in_flight: number;
  concurrency: number;
}

/** Every error, as RFC 9457 has it (application/problem+json). `detail` says what to do. */
export interface Problem {
  title: string;
  status: number;
  detail: string;
}
