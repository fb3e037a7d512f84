// Asks the API. A token, where one is needed, is held for as long as the tab is open, and sent as a header, never in an
// address: addresses end up in histories and logs.

import type { Problem } from "./types.ts";

const TOKEN = "offpath.token";

/** An answer that is not a success; the message says what to do. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** Parameters of a request; those that are undefined or empty are left out. */
export type Query = Record<string, string | number | boolean | undefined>;

/** GETs `/api/v1/<path>` as JSON. Throws an ApiError, or a DOMException when `signal` ends it. */
export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const response = await ask(path, query, signal);
  return (await response.json()) as T;
}

/** As `get`, but the text as it came: a raw event is shown as it is stored. */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  const response = await ask(path, {}, signal);
  return response.text();
}

async function ask(path: string, query: Query, signal?: AbortSignal): Promise<Response> {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const search = parameters.size > 0 ? `?${parameters}` : "";
  const token = sessionStorage.getItem(TOKEN);
  const headers: HeadersInit = token === null ? {} : { authorization: `Bearer ${token}` };
  let response: Response;
  try {
    response = await fetch(`/api/v1/${path}${search}`, { headers, signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "The exporter does not answer. Is offpath still running?");
  }
  if (!response.ok) throw new ApiError(response.status, await detail(response));
  return response;
}

async function detail(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return (JSON.parse(text) as Problem).detail;
  } catch {
    return text || `The exporter answers ${response.status}.`;
  }
}

/** Keeps the token for this tab. */
export function useToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
}

/** Takes the token out of `#token=…`, so that it is in the history no longer than it must be. */
export function takeTokenFromAddress(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  useToken(token);
  history.replaceState(history.state, "", location.pathname + location.search);
}
