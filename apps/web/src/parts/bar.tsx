import { bytesText, shareText } from "../words/amounts.ts";

interface Memory {
  readonly total_bytes: number | null;
  readonly used_bytes: number | null;
  readonly measured: boolean;
}

/** Memory in use, as a bar with its figures. What is not known is no bar. */
export function MemoryBar({ memory, what }: { memory: Memory; what: string }) {
  const { total_bytes: total, used_bytes: used, measured } = memory;
  if (total === null || total === 0) return <span class="none">–</span>;
  if (used === null) return <span class="soft">{bytesText(total)}</span>;
  const text = shareText(used, total);
  const source = measured ? "as measured" : "as devices and workers say";
  return (
    <span class="bar" title={`${what}: ${text} in use, ${source}`}>
      <span class="track" aria-hidden="true">
        <span style={{ width: `${Math.min(100, (100 * used) / total)}%` }} />
      </span>
      <span class="figure">{text}</span>
    </span>
  );
}
