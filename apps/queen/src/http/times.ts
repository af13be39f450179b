import { rule } from "@repo/hive-catalog/record";
import * as z from "zod";
import { readAs } from "./input.ts";

/** No longer text is looked at. */
const MAX_LENGTH = 256;
/** As RFC 3339 has it, with its letters in either case. */
const USUAL_TIME = new RegExp(z.regexes.datetime({ offset: true }), "i");
const DATE = z.regexes.date.source.slice(1, -1);
/** What ISO 8601 allows beside: no seconds, a leap second, and a zone without its colon or its minutes. */
const TIME = new RegExp(
  `^(${DATE}T(?:[01]\\d|2[0-3]):[0-5]\\d)(?::([0-5]\\d|60)(\\.\\d+)?)?(?:Z|([+-](?:[01]\\d|2[0-3])):?([0-5]\\d)?)$`,
);

/** Milliseconds since 1970; undefined for what is no ISO 8601 time with its zone. The second after a leap second is the same as it. */
export function parseTime(text: string): number | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const upper = text.toUpperCase();
  if (USUAL_TIME.test(upper)) return Date.parse(upper);
  const [, minute, second = "00", fraction = "", zoneHours, zoneMinutes = "00"] = TIME.exec(upper) ?? [];
  if (minute === undefined) return undefined;
  const zone = zoneHours === undefined ? "Z" : `${zoneHours}:${zoneMinutes}`;
  const isLeap = second === "60";
  return Date.parse(`${minute}:${isLeap ? "59" : second}${fraction}${zone}`) + (isLeap ? 1000 : 0);
}

/** The same time in the form in which the queen hands it on. */
export function usualTime(value: unknown): string | undefined {
  if (isUsualTime(value)) return value;
  const timeMs = typeof value === "string" ? parseTime(value) : undefined;
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
}

const isUsualTime = (value: unknown): value is string =>
  typeof value === "string" && value.length <= MAX_LENGTH && USUAL_TIME.test(value);

export const TIME_RULE = "must be an ISO 8601 time with its zone, such as 2025-10-21T10:00:00Z";
const described = z.string(rule(TIME_RULE)).meta({
  description: "ISO 8601 with its zone: seconds may be missing, and the zone may be Z, +02:00 or +0200",
  examples: ["2025-10-21T10:00:00Z"],
});

/** A time in a body, in milliseconds since 1970. */
export const isoTimeMs = described.transform(readAs(parseTime, TIME_RULE));

/** … and as text, in the form in which the queen hands it on. */
export const isoTime = described.transform(readAs(usualTime, TIME_RULE));

export const rfc3339 = z.string().meta({ format: "date-time", examples: ["2025-10-21T10:00:00Z"] });

/** From the greatest: the parts of a duration, each of which may be left out. */
const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1000];
const COUNT = "([1-9]\\d{0,5}|0)";
/** `1h30m`, with its letters in either case; there are no months that an M could mean. */
const SUM = new RegExp(`^(?=\\d)(?:${COUNT}D)?(?:${COUNT}H)?(?:${COUNT}M)?(?:${COUNT}S)?$`);
/** As ISO 8601 has it, without the years and months that have no fixed length. */
const ISO_DURATION = new RegExp(`^P(?=\\d|T\\d)(?:${COUNT}D)?(?:T(?=\\d)(?:${COUNT}H)?(?:${COUNT}M)?(?:${COUNT}S)?)?$`);
const DURATION_RULE = "must be a duration such as 90s, 15m, 1h30m, 7d or PT2H";

/** Milliseconds; undefined for what is no duration, or none at all. */
export function parseDuration(text: string): number | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const upper = text.toUpperCase();
  const counts = (SUM.exec(upper) ?? ISO_DURATION.exec(upper))?.slice(1) ?? [];
  const sumMs = UNITS_MS.reduce((sum, unitMs, position) => sum + Number(counts[position] ?? 0) * unitMs, 0);
  return sumMs > 0 ? sumMs : undefined;
}

const duration = z.string(rule(DURATION_RULE)).meta({
  description:
    "Whole days, hours, minutes and seconds, the greatest first, in any case; or an ISO 8601 duration of them",
  examples: ["90s", "15m", "2h", "1h30m", "7d", "PT2H"],
});

/** A duration in a body, in milliseconds. */
export const durationMs = duration.transform(readAs(parseDuration, DURATION_RULE));

/** … of `shortest` to `longest`, such as `1s` and `10m`. */
export function durationMsWithin(shortest: string, longest: string) {
  const [minMs = 0, maxMs = Infinity] = [shortest, longest].map(parseDuration);
  const parse = (text: string) => {
    const ms = parseDuration(text);
    return ms === undefined || ms < minMs || ms > maxMs ? undefined : ms;
  };
  return duration.transform(readAs(parse, `must be a duration from ${shortest} to ${longest}`));
}
