const UNITS: readonly (readonly [ms: number, letter: string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1000, "s"],
];

const unitOf = (ms: number) => UNITS.find(([unit]) => ms >= unit) ?? ([1000, "s"] as const);

/** In one unit, rounded down: `12m`. */
export function duration(ms: number): string {
  const [unitMs, letter] = unitOf(ms);
  return `${Math.floor(Math.max(ms, 0) / unitMs)}${letter}`;
}

/** Rounded to the nearest: what was to last two hours does so for `2h` a moment later. */
const durationLeft = (ms: number): string => duration(ms + unitOf(ms)[0] / 2);

/** As it was given, to the millisecond: `1h30m`. */
export function exactDuration(ms: number): string {
  let left = ms;
  const parts = [...UNITS, [1, "ms"] as const].map(([unitMs, letter]) => {
    const count = Math.floor(left / unitMs);
    left -= count * unitMs;
    return count > 0 ? `${count}${letter}` : "";
  });
  return parts.join("") || "0s";
}

const DURATION = /^(?=\d)(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?(?:(\d{1,9})ms)?$/i;
const SECONDS = /^\d{1,9}$/;

/** Milliseconds of `1h30m`, in the units of the queen, and of a number of seconds; undefined for what is no duration, or none at all. */
export function parseDuration(text: string): number | undefined {
  if (SECONDS.test(text)) return Number(text) * 1000 || undefined;
  const counts = DURATION.exec(text)?.slice(1) ?? [];
  const unitsMs = [...UNITS.map(([unitMs]) => unitMs), 1];
  const sumMs = unitsMs.reduce((sum, unitMs, at) => sum + Number(counts[at] ?? 0) * unitMs, 0);
  return sumMs > 0 ? sumMs : undefined;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/i;

/** Milliseconds since 1970 of an ISO 8601 time with its zone; undefined for what is none. */
export function parseTime(text: string): number | undefined {
  const timeMs = TIME.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** How times are said: to people as they pass, in data as ISO 8601. What is not known is a dash. */
export interface Times {
  at(ms: number | null | undefined): string;
  /** Of a time that passes, for how long: `12m`. */
  since(ms: number | null | undefined): string;
}

/** Of lines that stay while time goes on, as those of a watch on a terminal do: by the clock. */
export function timesByClock(nowMs: number): Times {
  const today = dayOf(new Date(nowMs));
  const at = (ms: number | null | undefined) => {
    if (ms === null || ms === undefined) return "-";
    const time = new Date(ms);
    const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(":");
    return dayOf(time) === today ? clock : `${dayOf(time)} ${clock}`;
  };
  return { at, since: at };
}

const twoDigits = (count: number): string => String(count).padStart(2, "0");
const dayOf = (time: Date): string =>
  `${time.getFullYear()}-${twoDigits(time.getMonth() + 1)}-${twoDigits(time.getDate())}`;

export function timesFor(people: boolean, nowMs: number): Times {
  const text = (ms: number | null | undefined, said: (ageMs: number) => string) => {
    if (ms === null || ms === undefined) return "-";
    return people ? said(nowMs - ms) : new Date(ms).toISOString();
  };
  return {
    at: (ms) => text(ms, (ageMs) => (ageMs < 0 ? `in ${durationLeft(-ageMs)}` : `${duration(ageMs)} ago`)),
    since: (ms) => text(ms, duration),
  };
}
