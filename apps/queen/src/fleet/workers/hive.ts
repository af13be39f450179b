import { NONE } from "./address.ts";
import type { Reading } from "./heartbeat.ts";
import type { Worker } from "./worker.ts";

/** What the registry knows of one hive. Times are monotonic. */
export class Hive {
  readonly id: string;
  /** undefined while it serves nothing: a map for each takes 2 MB of ten thousand. */
  byModel: Map<string | null, Serving> | undefined;
  workers: readonly Worker[] = [];
  /** Those of them to which no work can be sent. */
  unreachable: ReadonlySet<Worker> = NONE;
  busyWorkers = 0;
  skewMs: number | null = 0;
  receivedAtMs = 0;
  reading: Reading | null = null;
  /** When that was read, and the workers were. */
  readAtMs = 0;
  /** From when on new work may go there; Infinity for as long as nobody says otherwise. */
  takesWorkFromMs = 0;
  /** Until when none may all the same, by the wall clock; Infinity for as long as nobody says otherwise. */
  cordonedUntilMs = 0;
  /** As the catalog has it; "" while that is not known. */
  host = "";
  /** The indexes of its GPUs whose memory is the host's, as the catalog has them; undefined where there are none, or that is not known. */
  unified: ReadonlySet<number> | undefined;
  /** The reading with that memory as theirs, once somebody has asked: what follows from a reading is found out once for one object. */
  unifiedReading: Reading | undefined;
  /** By the id of the worker; of those alone that were given work lately. */
  demands: Map<string, Demand> | undefined;
  /** Models that it was sent to load lately, with the memory that they take. */
  loads: HandOuts | undefined;

  constructor(id: string) {
    this.id = id;
  }
}

/** What runs on a live hive, and what was measured there. */
export type LiveHive = Pick<Hive, "id" | "workers" | "reading">;

/** The workers of one hive for one model. */
export interface Serving {
  readonly hive: Hive;
  readonly workers: Worker[];
  /** How many of them are of the beat that is being taken: the others are overwritten. */
  count: number;
  /** Of each backend the least loaded of those that may get work. */
  bests: readonly Candidate[];
  /** Of these; Infinity where there is none. It spares most of a search the look at them, which is four fifths of its time. */
  leastLoad: number;
}

/** A worker that may get work, and what speaks for or against it. */
export interface Candidate {
  readonly hive: Hive;
  readonly worker: Worker;
  /** How much of it is taken; 1 is all of it. */
  readonly load: number;
  readonly gpuPercent: number;
  readonly cpuPercent: number;
}

/**
 * The pieces of work that were handed out and that nobody can have seen at work yet. No counter that somebody has to give back: a reading that was made
 * later speaks for them, and they are forgotten. Times are monotonic.
 */
export class HandOuts {
  #unseen: { readonly atMs: number; readonly bytes: number }[] = [];

  /** `bytes`: the memory that it will take. */
  add(atMs: number, bytes = 0): void {
    this.#unseen.push({ atMs, bytes });
  }

  /** Something was read at `readAtMs` that shows what was handed out before. */
  seen(readAtMs: number): void {
    this.#unseen = this.#unseen.filter(({ atMs }) => atMs >= readAtMs);
  }

  get count(): number {
    return this.#unseen.length;
  }

  get bytes(): number {
    return this.#unseen.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

/** What a worker was given since it was read. */
export interface Demand {
  readonly handOuts: HandOuts;
  readonly claims: Set<Claim>;
}

/** A promise that no more work is sent to a worker than it has room for. */
export interface Claim {
  readonly id: string;
  readonly hiveId: string;
  readonly workerId: string;
  readonly atMs: number;
  readonly untilMs: number;
  /** Who asked for it. */
  readonly holder: string;
}

export function demandOn(hive: Hive, workerId: string): Demand {
  hive.demands ??= new Map();
  let demand = hive.demands.get(workerId);
  if (demand === undefined) {
    demand = { handOuts: new HandOuts(), claims: new Set() };
    hive.demands.set(workerId, demand);
  }
  return demand;
}

/**
 * Forgets what was handed out before the hive was read, and before `staleMs`. Returns the claims that this ends: they were made before, and their worker
 * is busy now. A hive that does not say when it looked was read after all that.
 */
export function settleDemands(hive: Hive, workers: readonly Worker[], staleMs: number): Claim[] {
  const { demands, reading } = hive;
  const readAtMs = reading === null || reading.readAtMs === null ? Number.POSITIVE_INFINITY : hive.readAtMs;
  hive.loads?.seen(Math.max(readAtMs, staleMs));
  if (hive.loads?.count === 0) hive.loads = undefined;
  if (demands === undefined) return [];
  const ended: Claim[] = [];
  for (const [workerId, { handOuts, claims }] of demands) {
    handOuts.seen(Math.max(readAtMs, staleMs));
    const isBusy = workers.some((worker) => worker.workerId === workerId && worker.state === "Busy");
    for (const claim of claims) {
      if (!isBusy || claim.atMs >= readAtMs) continue;
      claims.delete(claim);
      ended.push(claim);
    }
    if (handOuts.count === 0 && claims.size === 0) demands.delete(workerId);
  }
  if (demands.size === 0) hive.demands = undefined;
  return ended;
}

/** How busy the GPU of a worker is, as its hive has measured it. */
export function measuredPercent({ reading }: Hive, { deviceId }: Worker): number | null {
  if (deviceId === null) return null;
  return reading?.gpus?.find(({ index }) => index === deviceId)?.utilizationPercent ?? null;
}
