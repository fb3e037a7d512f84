// Addresses of sessions. Their ids are of strangers: they may be anything.

/** Where a session is shown. The ids "." and ".." cannot be a part of an address; what has them is found among all events. */
export function sessionHref(id: string): string {
  return isPathSegment(id)
    ? `/sessions/${encodeURIComponent(id)}`
    : `/?${new URLSearchParams({ session: id })}`;
}

/** The path of a session in the API. */
export function sessionPath(id: string): string {
  return `sessions/${encodeURIComponent(id)}`;
}

function isPathSegment(id: string): boolean {
  return id !== "" && id !== "." && id !== "..";
}
