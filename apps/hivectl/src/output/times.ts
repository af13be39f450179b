const UNITS: readonly (readonly [ms: number, letter: string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1000, "s"],
];

/** In one unit, rounded down: `12m`. */
export function duration(ms: number): string {
  const [unitMs, letter] = UNITS.find(([unit]) => ms >= unit) ?? [1000, "s"];
  return `${Math.floor(Math.max(ms, 0) / unitMs)}${letter}`;
}

/** How times are said: to people as they pass, in data as ISO 8601. What is not known is a dash. */
export interface Times {
  at(ms: number | null | undefined): string;
  /** Of a time that passes, for how long: `12m`. */
  since(ms: number | null | undefined): string;
}

export function timesFor(people: boolean, nowMs: number): Times {
  const text = (ms: number | null | undefined, said: (ageMs: number) => string) => {
    if (ms === null || ms === undefined) return "-";
    return people ? said(nowMs - ms) : new Date(ms).toISOString();
  };
  return {
    at: (ms) => text(ms, (ageMs) => (ageMs < 0 ? `in ${duration(-ageMs)}` : `${duration(ageMs)} ago`)),
    since: (ms) => text(ms, duration),
  };
}
