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
  /** It did not answer: it is asked again in the next round. */
  hasFailed: boolean;
  /** How many answers in a row told of something that could not be read. */
  partial: number;
}

/** When which hive is to be asked for its devices. Times are monotonic. */
export class DetectionTimes {
  readonly #byId = new Map<string, Memory>();

  isDue(id: string, nowMs: number): boolean {
    const memory = this.#byId.get(id);
    return memory !== undefined && memory.dueAtMs <= nowMs;
  }

  /** Takes over what the catalog says, in each round. A hive that is known is asked within a day, at no time that it shares with others. */
  learn({ id, devices }: HiveRecord, nowMs: number): void {
    const isUnknown = devices === null;
    const memory = this.#see(id, devices?.gpus ? nowMs + Math.random() * DAY_MS : NOW);
    if (isUnknown || memory.hasFailed) memory.dueAtMs = NOW;
    else if (memory.isUnknown) memory.dueAtMs = nowMs + DAY_MS;
    memory.isUnknown = isUnknown;
    memory.hasFailed = false;
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
    memory.partial = 0;
  }

  asked(id: string): void {
    const memory = this.#byId.get(id);
    if (memory !== undefined) memory.dueAtMs = NOT_WHILE_ASKED;
  }

  failed(id: string): void {
    const memory = this.#byId.get(id);
    if (memory !== undefined) memory.hasFailed = true;
  }

  /** Its devices are in the catalog now. What could not be read is asked for again after 1, 2, 4 … minutes, and at least once an hour. */
  stored(
    id: string,
    nowMs: number,
    { agentStart, isPartial = false }: { agentStart?: string | undefined; isPartial?: boolean } = {},
  ): void {
    const memory = this.#see(id);
    memory.agentStart = agentStart ?? memory.agentStart;
    memory.isUnknown = false;
    memory.hasFailed = false;
    memory.partial = isPartial ? memory.partial + 1 : 0;
    memory.dueAtMs = nowMs + (isPartial ? Math.min(HOUR_MS, MINUTE_MS * 2 ** (memory.partial - 1)) : DAY_MS);
  }

  forget(id: string): void {
    this.#byId.delete(id);
  }

  #see(id: string, dueAtMs = NOT_WHILE_ASKED): Memory {
    let memory = this.#byId.get(id);
    if (memory === undefined) {
      memory = { dueAtMs, agentStart: undefined, isUnknown: false, hasFailed: false, partial: 0 };
      this.#byId.set(id, memory);
    }
    return memory;
  }
}
