import type { Memory } from "./memory.ts";

const MAX_P99_MS = 250;
const MAX_SSH_AT_ONCE = 16;

/** What a soak saw. */
export interface Outcome {
  seconds: number;
  beats: number;
  refusedBeats: number;
  p50Ms: number;
  p99Ms: number;
  falseMarks: number;
  losses: number;
  lossesFound: number;
  slowestLossMs: number;
  memory: ReturnType<Memory["figures"]>;
  sshAtOnce: number;
  /** How often each was made, and how many answers were wrong. */
  attacks: Readonly<Record<string, { made: number; wrong: number }>>;
  /** Of the machine in the last minute. */
  load: number;
  problems: string[];
}

/** Each of these sentences once, with how often it was said. */
export class Counted {
  readonly #counts = new Map<string, number>();

  add(sentence: string): void {
    this.#counts.set(sentence, (this.#counts.get(sentence) ?? 0) + 1);
  }

  get sentences(): string[] {
    return [...this.#counts].map(([sentence, count]) => (count === 1 ? sentence : `${sentence} (${count} times)`));
  }
}

/** What of the figures is not as it should be. */
export function problemsOf({ p99Ms, sshAtOnce }: Outcome): string[] {
  return [
    ...(p99Ms >= MAX_P99_MS ? [`p99 of an honest beat was ${Math.round(p99Ms)} ms: not less than ${MAX_P99_MS}`] : []),
    ...(sshAtOnce > MAX_SSH_AT_ONCE ? [`${sshAtOnce} ssh ran at once: more than ${MAX_SSH_AT_ONCE}`] : []),
  ];
}

/** One line. */
export function progressOf(outcome: Outcome, memoryMb: number): string {
  const { seconds, beats, p50Ms, p99Ms, losses, lossesFound, falseMarks, attacks, load } = outcome;
  const made = Object.entries(attacks).map(([name, { made }]) => `${name} ${made}`);
  return (
    `${seconds} s: ${beats} beats, p50 ${Math.round(p50Ms)} ms, p99 ${Math.round(p99Ms)} ms; ${memoryMb} MB; ` +
    `${lossesFound} of ${losses} losses found, ${falseMarks} false marks; load ${load}; attacks: ${made.join(", ")}`
  );
}

/** Some lines. */
export function reportOf(outcome: Outcome): string {
  const { seconds, beats, refusedBeats, p50Ms, p99Ms, falseMarks, losses, lossesFound, slowestLossMs, load } = outcome;
  const memory = Object.entries(outcome.memory).map(
    ([name, { mostMb, middleMb, lastMb }]) =>
      `memory of ${name}: ${mostMb} MB at most, ${middleMb} MB in the middle third, ${lastMb} MB in the last`,
  );
  const attacks = Object.entries(outcome.attacks).map(([name, { made, wrong }]) =>
    wrong === 0 ? `${name} ${made}` : `${name} ${made} (${wrong} wrong)`,
  );
  return [
    `${seconds} s, load of the machine ${load}`,
    `beats: ${beats}, of which ${refusedBeats} refused; p50 ${Math.round(p50Ms)} ms, p99 ${Math.round(p99Ms)} ms`,
    `false marks: ${falseMarks}; losses: ${lossesFound} of ${losses} found, the slowest after ${Math.round(slowestLossMs / 1000)} s`,
    ...memory,
    `ssh at once: ${outcome.sshAtOnce} at most`,
    `attacks: ${attacks.join(", ")}`,
  ].join("\n");
}
