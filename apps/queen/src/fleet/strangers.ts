import type { Logger } from "pino";

/** Any caller may beat under any id: the log is not theirs to fill. */
const MAX_TOLD = 1_000;

/** Tells of hives that beat and that nobody added: each once in the log, until it was added and its beats are taken. */
export class Strangers {
  readonly #log: Logger;
  readonly #told = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  heard(hiveId: string, address: string): void {
    if (this.#told.has(hiveId) || this.#told.size >= MAX_TOLD) return;
    this.#told.add(hiveId);
    this.#log.warn(
      { hive_id: hiveId, address },
      "a hive beats that is not in the catalog: add it, correct the id that its agent has, or stop that agent",
    );
  }

  known(hiveId: string): void {
    this.#told.delete(hiveId);
  }
}
