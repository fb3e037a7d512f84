// A small line of the last minutes, without axes: it says where a number comes from, not what it is.

const WIDTH = 100;
const HEIGHT = 24;

export function Sparkline({ values, label }: { values: number[]; label: string }) {
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <polyline points={sparkPoints(values)} vector-effect="non-scaling-stroke" />
    </svg>
  );
}

/** From 0 at the bottom to the most of all at the top; the newest value is at the right end. */
export function sparkPoints(values: number[]): string {
  const most = Math.max(...values, 0) || 1;
  const step = WIDTH / Math.max(values.length - 1, 1);
  return values
    .map((value, index) => {
      const y = HEIGHT - 1 - (value / most) * (HEIGHT - 2);
      return `${(index * step).toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}
