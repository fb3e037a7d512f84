// The event as it is stored, with a line for each value.

import { useMemo } from "preact/hooks";
import { bytes } from "../../format.ts";
import { CopyButton } from "../../parts/copy.tsx";
import { Text } from "../../parts/text.tsx";
import { pretty } from "./pretty.ts";

export function RawView({ json }: { json: string }) {
  const text = useMemo(() => pretty(json), [json]);
  const size = useMemo(() => new TextEncoder().encode(json).length, [json]);
  return (
    <section class="raw" aria-label="Raw event">
      <p class="about-body">
        <span class="soft">{bytes(size)} as stored; here with a line for each value.</span>
        <CopyButton value={json} label="Copy" />
      </p>
      <div class="plain-text">
        <Text value={text} block />
      </div>
    </section>
  );
}
