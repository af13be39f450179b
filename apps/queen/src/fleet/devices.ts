import type { DeviceCapabilities, DeviceReport } from "@repo/device-types";
import type { HiveRecord } from "@repo/hive-catalog";
import { reasonOf } from "../process/errors.ts";
import type { HiveToReach, Probe } from "../reach/probe.ts";
import { DetectionTimes } from "./detection-times.ts";
import { changeOf, oneLine, withKnown } from "./device-changes.ts";
import type { HiveTurns } from "./hive-turns.ts";
import type { FleetParts } from "./parts.ts";
import { readHive } from "./read-hive.ts";
import type { Traits } from "./traits.ts";
import type { HiveRegistry } from "./workers/registry.ts";

interface Parts extends Pick<FleetParts, "catalog" | "clock" | "probe" | "events" | "log" | "stopping"> {
  traits: Traits;
  registry: HiveRegistry;
  turns: HiveTurns;
}

/** Asks hives for their devices, stores what they answer and tells what changed; never two at a time of one hive. */
export class DeviceDetection {
  readonly times = new DetectionTimes();
  readonly #parts: Parts;
  readonly #running = new Map<string, Promise<DeviceReport>>();
  /** Why the devices, or some of them, could not be had the last time, so that it is told once. */
  readonly #problems = new Map<string, string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes over what the catalog says of the devices of this hive; `readAtMs` is the monotonic time just before it was read. */
  learn(hive: HiveRecord, readAtMs: number): void {
    if (this.#know(hive.id, hive.devices, readAtMs)) this.times.learn(hive, this.#parts.clock.monotonicNow());
  }

  /** The devices of a hive are in the catalog now, by somebody's word. */
  stored(id: string, devices: DeviceCapabilities): void {
    const nowMs = this.#parts.clock.monotonicNow();
    this.#know(id, devices, nowMs);
    this.#parts.traits.wroteDevices(id, devices, nowMs);
    this.#problems.delete(id);
    this.times.stored(id, nowMs, devices.gpus === null);
    this.#parts.events.publish("hive_changed", { hive_id: id, changed: "devices" });
  }

  forget(id: string): void {
    this.times.forget(id);
    this.#problems.delete(id);
  }

  /** Resolves to the devices as they are stored then, with what the hive could not read. Throws ProbeError or HiveCatalogError. */
  detect(hive: HiveToReach): Promise<DeviceReport> {
    let running = this.#running.get(hive.id);
    if (running === undefined) {
      running = this.#ask(hive).finally(() => this.#running.delete(hive.id));
      this.#running.set(hive.id, running);
    }
    return running;
  }

  /** The same for a hive that showed a sign of life: a failure is logged, and tried again later. */
  async tryDetecting(hive: HiveToReach): Promise<void> {
    const { id } = hive;
    this.times.asked(id);
    try {
      await this.detect(hive);
    } catch (error) {
      // Of one that was forgotten meanwhile there is nothing to tell, nor to keep.
      if (this.#parts.stopping.aborted || !this.times.knows(id)) return;
      this.times.failed(id, this.#parts.clock.monotonicNow());
      const problem = reasonOf(error);
      if (this.#problems.get(id) === problem) return;
      this.#problems.set(id, problem);
      this.#parts.log.warn({ hive_id: id, err: error }, "the devices of this hive could not be detected");
    }
  }

  async close(): Promise<void> {
    this.#parts.probe.close();
    await Promise.allSettled(this.#running.values());
  }

  async #ask(hive: HiveToReach): Promise<DeviceReport> {
    const { probe, turns } = this.#parts;
    const answer = await probe.devices(hive.id, hive);
    return turns.take(hive.id, () => this.#store(hive.id, answer));
  }

  async #store(id: string, { report, agentStart }: Awaited<ReturnType<Probe["devices"]>>): Promise<DeviceReport> {
    const { catalog, clock, traits } = this.#parts;
    let knownAtMs = clock.monotonicNow();
    const { devices: before } = await readHive(id, { catalog });
    const devices = withKnown(report, before);
    const change = changeOf(before, devices);
    if (change !== undefined) {
      await catalog.updateDevices(id, devices);
      knownAtMs = clock.monotonicNow();
      traits.wroteDevices(id, devices, knownAtMs);
    }
    this.#know(id, devices, knownAtMs);
    const isPartial = devices.gpus === null || report.problems.length > 0;
    this.times.stored(id, clock.monotonicNow(), isPartial, agentStart);
    this.#tell(id, change, report.problems);
    return { ...devices, problems: report.problems };
  }

  /** Keeps what is asked of devices elsewhere, unless newer ones are known; returns whether it did. */
  #know(id: string, devices: DeviceCapabilities | null, readAtMs: number): boolean {
    const { traits, registry } = this.#parts;
    const before = traits.unifiedOf(id);
    const isNews = traits.learnDevices(id, devices, readAtMs);
    // Other GPUs than before may have no memory of their own.
    if (traits.unifiedOf(id) !== before) registry.reconsider(id);
    return isNews;
  }

  /** What changed, and what could not be read if that is other than the last time. */
  #tell(id: string, change: string | undefined, problems: readonly string[]): void {
    const { events, log } = this.#parts;
    const said = change === undefined ? [] : [change];
    const problem = oneLine(problems);
    if (problem !== "" && problem !== this.#problems.get(id)) {
      said.push(`could not be read: ${problem}`);
      log.warn({ hive_id: id, problems }, "this hive could not read all of its devices");
    }
    if (problem === "") this.#problems.delete(id);
    else this.#problems.set(id, problem);
    if (said.length === 0) return;
    const changed = oneLine(said);
    if (change !== undefined) log.info({ hive_id: id, changed }, "devices detected");
    events.publish("hive_changed", { hive_id: id, changed });
  }
}
