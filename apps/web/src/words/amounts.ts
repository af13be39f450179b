const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

/** "4 s", "12 min", "3 h": one unit, as for something that is looked at in passing. */
export function durationText(ms: number): string {
  const [unit, unitMs] = UNITS.find(([, size]) => ms >= size) ?? ["s", 1000];
  return `${Math.max(0, Math.floor(ms / unitMs))} ${unit}`;
}

const GB = 2 ** 30;

/** "1.5 GB", "640 GB", "2.0 TB": three digits are enough to compare. */
export function bytesText(bytes: number): string {
  const gb = bytes / GB;
  if (gb >= 1000) return `${(gb / 1024).toFixed(1)} TB`;
  return `${gb >= 10 || gb === 0 ? Math.round(gb) : gb.toFixed(1)} GB`;
}

/** "used of total" without saying the unit twice. */
export function shareText(used: number, total: number): string {
  const [usedText, totalText] = [bytesText(used), bytesText(total)];
  const unit = totalText.slice(-2);
  return usedText.endsWith(unit) ? `${usedText.slice(0, -3)} / ${totalText}` : `${usedText} / ${totalText}`;
}

export const countText = (count: number, one: string): string =>
  `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

/** "14:05:09" where it is of today, and the date too where it is not, in the time of whoever looks. */
export const momentText = (ms: number, nowMs = Date.now()): string =>
  new Date(ms).toDateString() === new Date(nowMs).toDateString()
    ? new Date(ms).toLocaleTimeString("en-GB")
    : timeText(ms);

/** "28 Nov, 14:05:09", in the time of whoever looks. */
export const timeText = (ms: number): string =>
  new Date(ms).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
