// A small line of the last minutes, without axes: it says where a number comes from, not what it is.

import { HEIGHT, sparkPoints, WIDTH } from "./spark.ts";

export function Sparkline({ values, label }: { values: number[]; label: string }) {
  const points = sparkPoints(values);
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {points !== "" && <polygon points={`0,${HEIGHT} ${points} ${WIDTH},${HEIGHT}`} />}
      <polyline points={points} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
