// Why an event failed: what each of those who know of it says.

import type { Event } from "./event.ts";

export interface Problem {
  /** Who says it, or what it is: in our words. */
  title: string;
  /** In theirs. */
  text: string | null;
}

const OUTCOMES: Record<string, string> = {
  client_disconnected: "The client left before it had the whole answer",
  app_error: "The app failed before it had answered",
  upstream_error: "The upstream did not answer",
  reset: "The connection was reset",
};

const ENDINGS: Record<string, string> = {
  abandoned: "The app let go of it without ending it",
  exit: "The process ended before it",
};

/** All that went wrong, the app's own words first. */
export function problemsOf(event: Event): Problem[] {
  const { error, outcome, llm, otel, level, status, ending } = event;
  const found: Problem[] = [];
  const add = (title: string, text: string | null = null) => found.push({ title, text });
  if (error) add(error.type, error.message || null);
  if (level === "ERROR" || level === "WARNING") {
    const word = level === "ERROR" ? "Error" : "Warning";
    if (event.status_message || !error) add(word, event.status_message ?? null);
  }
  if (otel?.status?.code === "error" && otel.status.message !== event.status_message) {
    if (otel.status.message) add("OpenTelemetry status", otel.status.message);
  }
  if (llm?.error_kind) add("The provider's error", llm.error_kind);
  if (outcome !== undefined && outcome in OUTCOMES) add(`${OUTCOMES[outcome]}`, outcome);
  if (ending !== undefined && ending in ENDINGS) add(`${ENDINGS[ending]}`, ending);
  if (event.grpc_status) add("gRPC status", String(event.grpc_status));
  if (status !== undefined && status !== null && status >= 400) add("Answered with status", String(status));
  return found;
}
