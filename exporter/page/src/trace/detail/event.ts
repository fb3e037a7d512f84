// The shape of one recorded event, as exporter/schema/event.schema.json has it. What a kind of event does not have is undefined.

import type { Time } from "../../api/types.ts";

export interface Event {
  kind: string;
  id: string;
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  service: string;
  environment: string;
  source: string | null;
  start_time: Time;
  duration_ns: number;

  outcome?: string;
  first_byte_ns?: number | null;
  method?: string;
  scheme?: string;
  host?: string;
  path?: string;
  query?: string;
  http_version?: string | null;
  status?: number | null;
  grpc_status?: number | null;
  request?: HttpMessage | null;
  response?: HttpMessage | null;
  websocket?: { accepted: boolean; close_code: number | null; subprotocol: string | null } | null;
  proxy?: Proxy | null;

  input?: Body | null;
  output?: Body | null;
  metadata?: unknown;
  level?: string;
  status_message?: string | null;
  ending?: string;

  error?: { type: string; message: string } | null;
  llm?: Llm | null;
  otel?: Otel | null;
}

export interface Proxy {
  upstream_cluster: string | null;
  upstream_host: string | null;
  attempts: number;
  response_flags: string[];
  response_code_details: string | null;
}

export interface HttpMessage {
  headers: [name: string, value: string][];
  chunks: number;
  body: Body;
}

export interface Body {
  size: number;
  kept: number;
  head: string;
  tail: string;
  encoding: "utf-8" | "base64";
  masked?: number;
  cut?: number;
  json?: boolean;
  content_type?: string | null;
  digest?: string | null;
  decoded?: string | null;
  withheld?: string | null;
}

export interface Llm {
  system: string | null;
  operation: string | null;
  request_model: string | null;
  response_model: string | null;
  stream: boolean;
  input: unknown;
  output: unknown;
  usage: Record<string, number>;
  cost: Record<string, number>;
  cost_usd: number | null;
  estimated: boolean;
  first_token_ns: number | null;
  tokens_per_second: number | null;
  finish_reasons: string[];
  partial: boolean;
  error_kind: string | null;
}

export interface Otel {
  status: { code: string; message: string | null } | null;
  [key: string]: unknown;
}

/** The values of the first header of this name, without case. */
export function header(message: HttpMessage, name: string): string | undefined {
  return message.headers.find(([key]) => key.toLowerCase() === name)?.[1];
}
