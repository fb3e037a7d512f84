// How full something is, as a bar and in words.

export type Tone = "good" | "warn" | "bad";

/** From 70% on there is something to do, from 90% on at once. */
export function toneOf(ratio: number): Tone {
  if (ratio >= 0.9) return "bad";
  return ratio >= 0.7 ? "warn" : "good";
}

export function Bar({ ratio, label }: { ratio: number; label: string }) {
  const percent = Math.round(ratio * 100);
  const tone = toneOf(ratio);
  return (
    <span class={`fill ${tone}`}>
      <meter min={0} max={1} value={Math.min(ratio, 1)} aria-label={label}>
        {percent}%
      </meter>
      <span class="percent">{percent}%</span>
    </span>
  );
}
