import { HIVE_STATUSES } from "@repo/hive-catalog/record";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Behaviour, live, type Spans } from "../../../test/timeline.ts";
import type { Liveness } from "./liveness.ts";

const TO_S = 1800;
const STALE_S = 60;
const HOLD_S = 300;
/** The two failed probes that are needed are half an interval apart at least. */
const GAP_S = 15;

/** Some spans in the time, in order; they begin and end at any second. */
const spans = (count: number): fc.Arbitrary<Spans> =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: TO_S }), { maxLength: 2 * count })
    .map((ends) => ends.sort((a, b) => a - b))
    .map((ends) =>
      Array.from({ length: Math.floor(ends.length / 2) }, (_, n) => [ends[2 * n] ?? 0, ends[2 * n + 1] ?? 0] as const),
    );
/** The time without those. */
const outside = (gaps: Spans): Spans => {
  const ends = [0, ...gaps.flat(), TO_S + 1];
  return Array.from({ length: ends.length / 2 }, (_, n) => [ends[2 * n] ?? 0, ends[2 * n + 1] ?? 0] as const);
};
const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  beats: spans(4).map(outside),
  answers: spans(4).map(outside),
  refused: fc.oneof({ weight: 5, arbitrary: spans(2) }, { weight: 1, arbitrary: fc.constant<Spans>([[0, TO_S + 1]]) }),
});
const fleet = fc
  .array(behaviour, { minLength: 1, maxLength: 8 })
  .map((hives) => Object.fromEntries(hives.map((hive, n) => [`h${n}`, hive])));
const stalls = spans(2);

const isIn = (list: Spans, s: number): boolean => list.some(([fromS, toS]) => s >= fromS && s < toS);
const timesUpTo = (s: number, everyS: number): number[] =>
  Array.from({ length: Math.floor(s / everyS) + 1 }, (_, n) => n * everyS);

test("no hive goes offline without a silence of a stale age and two probes without an answer after its last sign of life", () => {
  fc.assert(
    fc.property(fleet, stalls, (hives, stalled) => {
      for (const line of live({ hives, stalls: stalled, toS: TO_S }).log) {
        const [at, id = "", status] = line.split(" ");
        const hive = hives[id];
        if (status !== "offline" || hive === undefined) continue;
        const atS = Number(at);
        const heard = (s: number) => !isIn(stalled, s);
        const lastBeatS = Math.max(-5, ...timesUpTo(atS, 15).filter((s) => heard(s) && isIn(hive.beats, s)));
        expect(atS - lastBeatS, line).toBeGreaterThanOrEqual(STALE_S);
        const { answers, refused = [] } = hive;
        const probes = timesUpTo(atS, 30).filter((s) => heard(s) && s >= lastBeatS);
        const lastAnswerS = Math.max(-1, ...probes.filter((s) => isIn(answers, s) && !isIn(refused, s)));
        const failed = probes.filter((s) => s > lastAnswerS);
        expect((failed.at(-1) ?? 0) - (failed[0] ?? 0), line).toBeGreaterThanOrEqual(GAP_S);
      }
    }),
    { numRuns: 300 },
  );
});

test("no hive goes offline within a stale age of the end of a stall that was longer than a beat interval", () => {
  fc.assert(
    fc.property(fleet, stalls, (hives, stalled) => {
      for (const line of live({ hives, stalls: stalled, toS: TO_S }).log) {
        const [at, , status] = line.split(" ");
        if (status !== "offline") continue;
        const fresh = stalled.filter(
          ([fromS, toS]) => toS - fromS > 30 && Number(at) >= toS && Number(at) < toS + STALE_S,
        );
        expect(fresh, line).toEqual([]);
      }
    }),
    { numRuns: 200 },
  );
});

test("a hive that beats all the time never goes offline, whatever becomes of its port, the others and the queen", () => {
  fc.assert(
    fc.property(fleet, spans(4), stalls, (hives, closed, stalled) => {
      const { log } = live({
        hives: { ...hives, steady: { beats: [[0, TO_S + 1]], answers: outside(closed) } },
        stalls: stalled,
        toS: TO_S,
      });
      expect(log.filter((line) => line.includes("steady"))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test("marks are never held back for longer than the time that is set, and what is dead is found, whatever the others do", () => {
  fc.assert(
    fc.property(fleet, fc.integer({ min: 60, max: 300 }), (hives, diesAtS) => {
      const { log } = live({
        hives: { ...hives, dead: { beats: [[0, diesAtS]], answers: [[0, diesAtS]] } },
        toS: TO_S,
      });
      let heldFromS: number | undefined;
      for (const line of log) {
        const [at = "", what = ""] = line.split(" ");
        if (what === "mass_failure" || what === "network_lost") heldFromS ??= Number(at);
        if (what === "resumed" || what === "network_back") {
          // The network may come back after the time was up.
          expect(Number(at) - (heldFromS ?? Number(at))).toBeLessThanOrEqual(HOLD_S + 7.5);
          heldFromS = undefined;
        }
      }
      expect(TO_S - (heldFromS ?? TO_S)).toBeLessThanOrEqual(HOLD_S + 7.5);
      expect(log.filter((line) => line.includes("dead offline"))).toHaveLength(1);
    }),
    { numRuns: 300 },
  );
});

test("every change of the time from which a hive takes work is told, whoever makes it", () => {
  const change = fc.record({
    atS: fc.integer({ min: 1, max: TO_S / 15 }).map((beats) => beats * 15),
    id: fc.constantFrom("h0", "h1", "h2"),
    status: fc.constantFrom(...HIVE_STATUSES),
    who: fc.constantFrom("operator", "another program"),
  });
  fc.assert(
    fc.property(fleet, fc.array(change, { maxLength: 10 }), (hives, changes) => {
      const told = new Map<string, number>();
      const untold: string[] = [];
      const tell = (liveness: Liveness, id: string) => void told.set(id, liveness.takesWorkFromMs(id));
      const look = (liveness: Liveness, nowMs: number) => {
        for (const { id, status, who } of changes.filter(({ atS }) => atS * 1000 === nowMs)) {
          const { heartbeatMs: lastHeartbeatMs = null } = liveness.sights.see(id);
          const record = { id, host: id, port: 1, status, lastHeartbeatMs };
          if (who === "operator") liveness.setByOperator(record, nowMs, 1_000_000);
          else liveness.learn(record, nowMs, nowMs, 1_000_000);
        }
        for (const [id, fromMs] of told) if (fromMs !== liveness.takesWorkFromMs(id)) untold.push(`${nowMs} ${id}`);
      };
      const begin = (liveness: Liveness) => {
        for (const id of Object.keys(hives)) tell(liveness, id);
      };
      const looks = timesUpTo(TO_S, 15).map((s) => [s, look] as const);
      live({ hives, toS: TO_S, settings: { flapChanges: 1 }, operator: [[0, begin], ...looks], onWork: tell });
      expect(untold).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
