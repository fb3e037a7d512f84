// Names of strangers where there can be no marks: in options of a choice, and in what is read out.

import { beginning } from "../text/cut.ts";
import { visible } from "../text/visible.ts";

const LIMIT = 100;

/** The beginning of a name, with the names of characters that would not be seen. */
export function plainName(name: string): string {
  return visible(beginning(name, LIMIT))
    .map(({ kind, text }) => (kind === "hidden" ? `[${text}]` : text))
    .join("");
}
