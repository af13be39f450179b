import type { DeviceCapabilities } from "@repo/device-types";
import type { HiveCatalog } from "@repo/hive-catalog";
import type { FastifyBaseLogger } from "fastify";
import type { Fleet, Sight } from "./fleet.ts";
import type { HiveAddress, Probe } from "./probe.ts";

interface Parts {
  catalog: HiveCatalog;
  fleet: Fleet;
  probe: Probe;
  log: FastifyBaseLogger;
}

/** Asks hives for their devices and stores the answers; never two at a time of one hive. */
export class DeviceDetection {
  readonly #parts: Parts;
  readonly #running = new Map<string, Promise<DeviceCapabilities>>();
  readonly #background = new Set<Promise<void>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Resolves to the devices once they are stored. Throws ProbeError or HiveCatalogError. */
  detect(id: string, hive: HiveAddress): Promise<DeviceCapabilities> {
    let running = this.#running.get(id);
    if (running === undefined) {
      running = this.#ask(id, hive).finally(() => this.#running.delete(id));
      this.#running.set(id, running);
    }
    return running;
  }

  /** The same for a hive that showed a sign of life: a failure is logged, and tried again in the next health round. */
  async tryDetecting(sight: Sight, hive: HiveAddress): Promise<void> {
    sight.detectionDue = false;
    try {
      await this.detect(sight.id, hive);
    } catch (error) {
      this.#logProblem(sight, error);
    }
  }

  /** The same beside the caller's work. */
  startDetecting(sight: Sight): void {
    sight.detectionDue = false;
    if (sight.probe === "refused") return;
    const work = this.#readAndDetect(sight).finally(() => this.#background.delete(work));
    this.#background.add(work);
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#parts.probe.close();
    await Promise.allSettled([...this.#background, ...this.#running.values()]);
  }

  async #ask(id: string, hive: HiveAddress): Promise<DeviceCapabilities> {
    const { probe, catalog, fleet, log } = this.#parts;
    const devices = await probe.devices(id, hive);
    await catalog.updateDevices(id, devices);
    fleet.learnDevices(id);
    log.info({ hive_id: id, cores: devices.cpu?.cores, gpus: devices.gpus.length }, "devices detected");
    return devices;
  }

  async #readAndDetect(sight: Sight): Promise<void> {
    try {
      const record = await this.#parts.catalog.getHive(sight.id);
      if (record?.devices === null) await this.tryDetecting(sight, record);
    } catch (error) {
      this.#logProblem(sight, error);
    }
  }

  #logProblem(sight: Sight, error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    if (sight.detectionProblem === problem) return;
    sight.detectionProblem = problem;
    this.#parts.log.warn({ hive_id: sight.id, err: error }, "the devices of this hive could not be detected");
  }
}
