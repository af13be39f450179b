import type { HiveStatus } from "@repo/hive-catalog";
import { Liveness, type LivenessRules, type LivenessSettings } from "../src/fleet/liveness/liveness.ts";
import type { ProbeOutcome, Sight } from "../src/fleet/liveness/sight.ts";
import { LIVENESS_SETTINGS } from "./test-queen.ts";

/** From and to, in seconds; the end does not belong to it. */
export type Spans = readonly (readonly [fromS: number, toS: number])[];

export const ALWAYS: Spans = [[0, Number.POSITIVE_INFINITY]];
export const NEVER: Spans = [];
export const until = (s: number): Spans => [[0, s]];

/** How a hive behaves. It beats every 15 s, and is probed every 30 s. */
export interface Behaviour {
  beats: Spans;
  /** When its beats get to another queen, who stores them. Default: never. */
  beatsElsewhere?: Spans;
  /** When its port answers. */
  answers: Spans;
  /** When the queen may not contact its host. Default: never. */
  refused?: Spans;
  /** As the catalog has it at the start. Default: online. */
  status?: HiveStatus;
}

interface Timeline {
  hives: Record<string, Behaviour>;
  toS: number;
  /** When the queen stood still, because others stopped her. */
  stalls?: Spans;
  /** When she did because she was busy. */
  busyStalls?: Spans;
  /** When the machine was suspended: monotonic time stands still, uptime goes on. */
  suspensions?: Spans;
  /** What an operator does, and when. */
  operator?: readonly (readonly [atS: number, act: (liveness: Liveness, nowMs: number) => void])[];
  settings?: Partial<LivenessSettings>;
  rules?: LivenessRules;
  /** Told of each hive that may get work from another time on. */
  onWork?: (liveness: Liveness, id: string) => void;
}

const BEAT_S = 15;
const ROUND_S = 30;
/** A tick of the timeline; four of them are one of the queen. */
const STEP_S = 1.875;
const STEPS_PER_TICK = 4;
/** A beat that was stored this long ago. */
const STORED_BEAT_AGE_MS = 5000;

const isIn = (spans: Spans, s: number): boolean => spans.some(([fromS, toS]) => s >= fromS && s < toS);

/** Lets a queen live through it, and returns what she did: "60 a offline silent", "90 mass_failure". The 60 s are those of the timeline. */
export function live(timeline: Timeline): { log: string[]; liveness: Liveness; nowMs: number } {
  const { hives, toS, stalls = [], busyStalls = [], suspensions = [], operator = [], settings, rules } = timeline;
  if (operator.some(([atS]) => atS % STEP_S !== 0)) throw new Error(`an operator acts at multiples of ${STEP_S} s`);
  let cpuMs = 0;
  const onWork = (id: string) => timeline.onWork?.(liveness, id);
  const liveness: Liveness = new Liveness({ ...LIVENESS_SETTINGS, ...settings }, 0, {
    ...(rules && { rules }),
    cpuMs: () => cpuMs,
    onWork,
  });
  const log: string[] = [];
  let suspendedMs = 0;
  let nowMs = 0;

  const mark = (s: number, sight: Sight) => {
    const was = sight.status;
    if (was === undefined) return;
    const verdict = liveness.judge(sight, was, nowMs);
    if (verdict.status === was) return;
    liveness.unsure(sight, nowMs);
    if (verdict.status === "offline") liveness.markedOffline(sight, was, verdict, nowMs);
    else liveness.changed(sight, was, verdict, nowMs);
    log.push(`${s} ${sight.id} ${verdict.status} ${verdict.rule}`);
  };
  const address = (id: string) => ({ host: id, port: 1 });
  for (const [id, { status = "online", beats }] of Object.entries(hives)) {
    const lastHeartbeatMs = beats.length > 0 && status === "online" ? 1_000_000 - STORED_BEAT_AGE_MS : null;
    liveness.learn({ id, ...address(id), status, lastHeartbeatMs }, 0, 0, 1_000_000);
  }

  for (let step = 0; step * STEP_S <= toS; step += 1) {
    const s = step * STEP_S;
    if (isIn(suspensions, s)) {
      suspendedMs += STEP_S * 1000;
      continue;
    }
    if (isIn(stalls, s)) continue;
    if (isIn(busyStalls, s)) {
      cpuMs += STEP_S * 1000;
      continue;
    }
    nowMs = s * 1000 - suspendedMs;
    for (const [id, { beats, beatsElsewhere = NEVER, answers, refused = NEVER }] of Object.entries(hives)) {
      if (s % BEAT_S === 0 && isIn(beats, s)) {
        const sight = liveness.sights.see(id);
        liveness.beat(sight, 1_000_000 + s * 1000, nowMs, 0);
        if (sight.status !== "online") mark(s, sight);
      }
      if (s % ROUND_S !== 0) continue;
      const outcome: ProbeOutcome = isIn(refused, s) ? "refused" : isIn(answers, s) ? "answered" : "failed";
      const sight = liveness.sights.see(id);
      if (isIn(beatsElsewhere, s)) {
        const lastHeartbeatMs = 1_000_000 + s * 1000;
        const status = sight.status ?? "unknown";
        liveness.learn({ id, ...address(id), status, lastHeartbeatMs }, nowMs, nowMs, 1_000_000 + s * 1000);
      }
      liveness.probed(sight, address(id), { outcome, startedAtMs: nowMs, endedAtMs: nowMs, problem: undefined });
      if (sight.status !== "online") mark(s, sight);
    }
    for (const [atS, act] of operator) if (atS === s) act(liveness, nowMs);
    if (step % STEPS_PER_TICK !== 0) continue;
    const { lost, notices } = liveness.tick(nowMs, nowMs + suspendedMs);
    for (const notice of notices) log.push(`${s} ${notice.kind}${notice.kind === "resumed" ? ` ${notice.how}` : ""}`);
    for (const sight of lost) mark(s, sight);
  }
  return { log, liveness, nowMs };
}

/** So many hives of one behaviour, named after it. */
export const many = (name: string, count: number, behaviour: Behaviour): Record<string, Behaviour> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${name}${n}`, behaviour]));

/** Hives that beat and answer, that only beat, that only answer, and that do both until they die. */
export const alive = { beats: ALWAYS, answers: ALWAYS };
export const deaf = { beats: ALWAYS, answers: NEVER };
export const mute = { beats: NEVER, answers: ALWAYS };
export const diesAt = (s: number): Behaviour => ({ beats: until(s), answers: until(s) });

/** What a timeline leaves in the log. */
export type Case = readonly [name: string, timeline: Timeline, log: readonly string[]];
