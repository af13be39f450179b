const [WIDTH, HEIGHT] = [60, 16];

/** The last values as a small line. */
export function Spark({ values, max }: { values: readonly number[]; max: number }) {
  const stepX = WIDTH / Math.max(values.length - 1, 1);
  const points = values.map((value, index) => {
    const y = HEIGHT - 1 - (Math.min(value, max) / max) * (HEIGHT - 2);
    return `${(index * stepX).toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points.join(" ")} />
    </svg>
  );
}
