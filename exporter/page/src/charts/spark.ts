// The points of a small line.

export const WIDTH = 100;
export const HEIGHT = 24;

/** From 0 at the bottom to the most of all at the top; the newest value is at the right end. One value is no line yet. */
export function sparkPoints(values: number[]): string {
  if (values.length < 2) return "";
  const most = Math.max(...values, 0) || 1;
  const step = WIDTH / (values.length - 1);
  return values
    .map((value, index) => {
      const y = HEIGHT - 1 - (value / most) * (HEIGHT - 2);
      return `${(index * step).toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}
