// What is fetched: how it is loaded, and what is shown until it is there, if it is not, and if there is none.

import type { ComponentChildren } from "preact";
import { type Inputs, useCallback, useEffect, useState } from "preact/hooks";
import { ApiError, useToken as keepToken } from "../api/client.ts";

export interface Loaded<T> {
  /** The newest that came. Of what was asked before, while `loading`. */
  value: T | undefined;
  error: Error | undefined;
  loading: boolean;
  reload: () => void;
}

/** Loads when it is first shown and whenever one of `inputs` changes; what was asked before is then given up. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, inputs: Inputs): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "reload">>({
    value: undefined,
    error: undefined,
    loading: true,
  });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    load(ending.signal).then(
      (value) => {
        if (!ending.signal.aborted) setState({ value, error: undefined, loading: false });
      },
      (error: unknown) => {
        if (!ending.signal.aborted)
          setState((before) => ({ ...before, error: asError(error), loading: false }));
      },
    );
    return () => ending.abort();
  }, [...inputs, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { ...state, reload };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

interface Props<T> {
  of: Loaded<T>;
  /** What is loaded, in words: "the trace". */
  what: string;
  children: (value: T) => ComponentChildren;
}

/** Shows what is loaded. An error stands above what was there before it. */
export function Show<T>({ of, what, children }: Props<T>) {
  const { value, error, loading, reload } = of;
  if (value === undefined && error === undefined) return <Loading what={what} />;
  return (
    <div class="loaded" aria-busy={loading}>
      {error !== undefined && <Failed error={error} retry={reload} />}
      {value !== undefined && children(value)}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return <p class="loading soft">Loading {what} …</p>;
}

/** Why there is nothing, and how to go on. */
export function Failed({ error, retry }: { error: Error; retry: () => void }) {
  if (error instanceof ApiError && error.status === 401) return <TokenForm onToken={retry} />;
  return (
    <div class="note bad" role="alert">
      <p>{error.message}</p>
      <button type="button" class="button small" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

/** Where there is nothing to show, and that is as it should be. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

function TokenForm({ onToken }: { onToken: () => void }) {
  const [token, setToken] = useState("");
  return (
    <form
      class="note token"
      onSubmit={(event) => {
        event.preventDefault();
        keepToken(token.trim());
        onToken();
      }}
    >
      <label>
        <span>
          This exporter asks for the token that its configuration has as <code>exporter.token</code>.
        </span>
        <input
          class="field"
          type="password"
          autoComplete="current-password"
          required
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button">
        Use it in this tab
      </button>
    </form>
  );
}
