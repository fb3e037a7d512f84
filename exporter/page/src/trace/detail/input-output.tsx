// What went into a span, and what came out of it.

import { BodyView } from "./body-view.tsx";
import type { Event } from "./event.ts";

export function InputOutput({ event: { input, output } }: { event: Event }) {
  return (
    <div class="http">
      {input && <BodyView body={input} label="Input" />}
      {output && <BodyView body={output} label="Output" />}
    </div>
  );
}
