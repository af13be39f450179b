import type { DeviceCapabilities } from "@repo/device-types";
import type { HiveCatalog, HiveRecord } from "@repo/hive-catalog";
import type { Logger } from "pino";
import { reasonOf } from "../process/errors.ts";
import type { HiveAddress, Probe } from "../reach/probe.ts";
import type { EventLog } from "../telling/events.ts";

interface Parts {
  catalog: HiveCatalog;
  probe: Probe;
  events: EventLog;
  log: Logger;
}

/** Asks hives for their devices and stores the answers; never two at a time of one hive. */
export class DeviceDetection {
  readonly #parts: Parts;
  readonly #running = new Map<string, Promise<DeviceCapabilities>>();
  /** The hives to ask when they next show a sign of life. */
  readonly #due = new Set<string>();
  /** Why the devices could not be had the last time, so that it is logged once. */
  readonly #problems = new Map<string, string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes over from the catalog whether the devices of this hive are known. */
  learn({ id, devices }: HiveRecord): void {
    if (devices === null) this.#due.add(id);
    else this.#due.delete(id);
  }

  /** The devices of a hive are in the catalog now, whoever stored them. */
  stored(id: string): void {
    this.forget(id);
    this.#parts.events.publish("hive_changed", { hive_id: id });
  }

  forget(id: string): void {
    this.#due.delete(id);
    this.#problems.delete(id);
  }

  isDue(id: string): boolean {
    return this.#due.has(id);
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
  async tryDetecting(id: string, hive: HiveAddress): Promise<void> {
    this.#due.delete(id);
    try {
      await this.detect(id, hive);
    } catch (error) {
      const problem = reasonOf(error);
      if (this.#problems.get(id) === problem) return;
      this.#problems.set(id, problem);
      this.#parts.log.warn({ hive_id: id, err: error }, "the devices of this hive could not be detected");
    }
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#parts.probe.close();
    await Promise.allSettled(this.#running.values());
  }

  async #ask(id: string, hive: HiveAddress): Promise<DeviceCapabilities> {
    const { probe, catalog, log } = this.#parts;
    const devices = await probe.devices(id, hive);
    await catalog.updateDevices(id, devices);
    log.info({ hive_id: id, cores: devices.cpu?.cores, gpus: devices.gpus?.length }, "devices detected");
    this.stored(id);
    return devices;
  }
}
