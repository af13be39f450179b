import type { HiveRecord } from "@repo/hive-catalog";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SOON_MS = 10 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOW = Number.NEGATIVE_INFINITY;
const NOT_WHILE_ASKED = Number.POSITIVE_INFINITY;

interface Memory {
  dueAtMs: number;
  /** How the agent names its present start; undefined of one that does not. */
  agentStart: string | undefined;
  /** The catalog had no devices of it when it was read last. */
  isUnknown: boolean;
  /** How often in a row something could not be read, or the hive did not answer. */
  failures: number;
}

/** When which hive is to be asked for its devices. Times are monotonic. */
export class DetectionTimes {
  readonly #byId = new Map<string, Memory>();

  /** Whether it is remembered: not once it was forgotten. */
  knows(id: string): boolean {
    return this.#byId.has(id);
  }

  isDue(id: string, nowMs: number): boolean {
    const memory = this.#byId.get(id);
    return memory !== undefined && memory.dueAtMs <= nowMs;
  }

  /** Takes over what the catalog says, in each round. A hive that is known is asked within a day, at no time that it shares with others. */
  learn({ id, devices }: HiveRecord, nowMs: number): void {
    const isUnknown = devices === null;
    const memory = this.#see(id, devices?.gpus ? nowMs + Math.random() * DAY_MS : NOW);
    if (isUnknown) memory.dueAtMs = NOW;
    else if (memory.isUnknown) memory.dueAtMs = nowMs + DAY_MS;
    memory.isUnknown = isUnknown;
  }

  /**
   * The hive answered a health check. Its devices may be others than before its agent was started: at once where another start was seen before; soon
   * where none was, because a queen who starts sees the first ones of a whole fleet.
   */
  answered(id: string, agentStart: string | undefined, nowMs: number): void {
    const memory = this.#byId.get(id);
    if (memory === undefined || agentStart === undefined || agentStart === memory.agentStart) return;
    const isFirst = memory.agentStart === undefined;
    memory.agentStart = agentStart;
    memory.dueAtMs = Math.min(memory.dueAtMs, isFirst ? nowMs + Math.random() * SOON_MS : NOW);
    memory.failures = 0;
  }

  asked(id: string): void {
    const memory = this.#byId.get(id);
    if (memory !== undefined) memory.dueAtMs = NOT_WHILE_ASKED;
  }

  /** A hive of which the catalog has no devices is due in the next round: `learn` says so. */
  failed(id: string, nowMs: number): void {
    const memory = this.#byId.get(id);
    if (memory?.isUnknown === false) againSoon(memory, nowMs);
  }

  /** Its devices are in the catalog now, but for what could not be read. */
  stored(id: string, nowMs: number, isPartial: boolean, agentStart?: string): void {
    const memory = this.#see(id);
    memory.agentStart = agentStart ?? memory.agentStart;
    memory.isUnknown = false;
    if (isPartial) againSoon(memory, nowMs);
    else {
      memory.failures = 0;
      memory.dueAtMs = nowMs + DAY_MS;
    }
  }

  forget(id: string): void {
    this.#byId.delete(id);
  }

  #see(id: string, dueAtMs = NOT_WHILE_ASKED): Memory {
    let memory = this.#byId.get(id);
    if (memory === undefined) {
      memory = { dueAtMs, agentStart: undefined, isUnknown: false, failures: 0 };
      this.#byId.set(id, memory);
    }
    return memory;
  }
}

/** After 1, 2, 4 … minutes, and then once an hour. */
function againSoon(memory: Memory, nowMs: number): void {
  memory.dueAtMs = nowMs + Math.min(HOUR_MS, MINUTE_MS * 2 ** memory.failures);
  memory.failures += 1;
}
