import type { HiveRecord, Labels } from "@repo/hive-catalog";
import { hiveNotFound, levelOf } from "../process/errors.ts";
import { wholeTurn } from "../process/turn.ts";
import type { HiveToReach } from "../reach/probe.ts";
import { Announcer } from "./announcer.ts";
import { Cordons } from "./cordons.ts";
import { DeviceDetection } from "./devices.ts";
import { Forgotten } from "./forgotten.ts";
import { HiveNews } from "./hive-news.ts";
import { HiveTurns } from "./hive-turns.ts";
import { type HiveView, type Standing, standingOf, viewOf } from "./hive-view.ts";
import { Liveness, type LivenessSettings } from "./liveness/liveness.ts";
import type { Condition } from "./liveness/own-condition.ts";
import type { NotBeating, ProbeResult, Sight } from "./liveness/sight.ts";
import type { FleetParts } from "./parts.ts";
import { readHive } from "./read-hive.ts";
import { Records } from "./records.ts";
import { Revisions } from "./revisions.ts";
import { Senders } from "./senders.ts";
import { StatusKeeper } from "./statuses.ts";
import { Traits } from "./traits.ts";
import { UnusableParts } from "./unusable-parts.ts";
import { Assignments } from "./workers/assignments.ts";
import type { Heartbeat } from "./workers/heartbeat.ts";
import { HiveRegistry } from "./workers/registry.ts";

interface Options extends FleetParts {
  settings: LivenessSettings;
  /** The request that ran longest in the last so many milliseconds, in words. */
  ranLongest: (forMs: number) => string | undefined;
  /** Why the beats of this hive are refused, where callers need tokens, as far as it is known. */
  whyRefused: (id: string) => "no_token" | "token_unused" | undefined;
}

/**
 * What the queen believes of each hive, in one place: whoever notices something of a hive says it here, and it is learned, judged, stored
 * and told of. Nobody else knows that a hive is more than one entry in more than one memory.
 */
export class Fleet {
  readonly settings: LivenessSettings;
  readonly cordons: Cordons;
  readonly devices: DeviceDetection;
  readonly registry: HiveRegistry;
  readonly assignments: Assignments;
  readonly traits = new Traits();
  readonly news: HiveNews;
  readonly revisions = new Revisions();
  /** For whoever writes something of a hive, and says it here. */
  readonly turns = new HiveTurns();
  /** Checks the health of one hive before its turn comes. Whoever checks them all sets it; never rejects. */
  check: (hive: HiveToReach) => Promise<void> = async () => undefined;
  readonly #options: Options;
  readonly #liveness: Liveness;
  readonly #announcer: Announcer;
  #ownChanges = 0;
  readonly #forgotten = new Forgotten();
  /** Monotonic: when the last round began. */
  #roundAtMs = 0;
  readonly #records: Records;
  readonly #statuses: StatusKeeper;
  readonly #senders: Senders;
  readonly #unusable: UnusableParts;

  constructor(options: Options) {
    const { clock, metrics, settings } = options;
    this.settings = settings;
    this.#options = options;
    const { traits, revisions, turns } = this;
    const registry = new HiveRegistry({
      clock,
      staleAfterMs: settings.staleAfterMs,
      circumstancesOf: (id) => ({
        takesWorkFromMs: liveness.takesWorkFromMs(id),
        cordonedUntilMs: this.cordons.untilMs(id),
        host: this.sight(id)?.host ?? "",
        unified: traits.unifiedOf(id),
      }),
    });
    const liveness = new Liveness(settings, clock.monotonicNow(), {
      cpuMs: () => clock.cpuNow(),
      onWork: (id) => registry.reconsider(id),
      whyRefused: options.whyRefused,
    });
    const announcer = new Announcer({ ...options, revisions, onTold: (id) => this.news.noted(id) });
    const parts = { ...options, traits, turns, registry, liveness, announcer };
    this.registry = registry;
    this.#liveness = liveness;
    this.#announcer = announcer;
    this.cordons = new Cordons(parts);
    this.assignments = new Assignments(parts);
    this.devices = new DeviceDetection(parts);
    this.news = new HiveNews(parts);
    this.#records = new Records({ ...parts, devices: this.devices, news: this.news });
    this.#statuses = new StatusKeeper({ ...parts, records: this.#records, gone: (id) => this.gone(id) });
    const onTwo = (id: string, addresses: readonly [string, string]) => announcer.twoSenders(id, addresses);
    this.#senders = new Senders({ ...settings, beatMs: liveness.beatMs, onTwo });
    this.#unusable = new UnusableParts(options);
    metrics.twoSenders.read = () => this.#senders.count(clock.monotonicNow());
    metrics.marksHeld.read = () => (liveness.condition.held ? 1 : 0);
    metrics.missingHives.read = () => this.condition().missing;
  }

  /** What is remembered of a hive; undefined of one that was not met yet. */
  sight(id: string): Readonly<Sight> | undefined {
    return this.#liveness.sights.get(id);
  }

  sights(): Iterable<Readonly<Sight>> {
    return this.#liveness.sights.values();
  }

  /** Throws HiveCatalogError: HIVE_NOT_FOUND for a hive that is not in the catalog. */
  async view(id: string): Promise<HiveView> {
    const readAtMs = this.#options.clock.monotonicNow();
    const hive = await readHive(id, this.#options);
    await this.cordons.ready();
    this.meet(hive, readAtMs);
    if (this.sight(id) === undefined) throw hiveNotFound(id);
    const { registry, cordons } = this;
    const memories = { liveness: this.#liveness, registry, cordons, senders: this.#senders };
    return viewOf(hive, { ...this.#options, ...memories });
  }

  /** Remembers a hive that was not met yet, as it was read at `readAtMs`. */
  meet(hive: HiveRecord, readAtMs: number): void {
    const isGone = this.#forgotten.isSince(hive.id, readAtMs);
    if (!isGone && this.sight(hive.id) === undefined) this.#records.met(hive, readAtMs);
  }

  /** What decides the status of a hive; undefined of one that was not met, or is gone. */
  standing(hive: HiveRecord): Standing | undefined {
    const sight = this.#liveness.sights.get(hive.id);
    return sight && standingOf(hive, sight, this.#liveness, this.#options.clock.monotonicNow());
  }

  /** Why the beats of an online hive do not arrive; null while they do. */
  notBeating(sight: Readonly<Sight>): NotBeating | null {
    return this.#liveness.notBeating(sight, this.#options.clock.monotonicNow());
  }

  /** Takes over what the catalog says; `readAtMs` is the monotonic time just before it was read. */
  learned(record: HiveRecord, readAtMs: number, labels?: Labels): void {
    if (!this.#forgotten.isSince(record.id, readAtMs)) this.#records.learned(record, readAtMs, labels);
  }

  /** The same of a record that is damaged. */
  learnedDamaged(id: string, readAtMs: number): void {
    if (!this.#forgotten.isSince(id, readAtMs)) this.#liveness.learnDamaged(id);
  }

  /**
   * Takes a heartbeat from this address that was stored as `heartbeatMs`, which took `tookMs` from its receipt. Resolves to the time in milliseconds after which
   * the next one is due. Throws HiveCatalogError.
   */
  async beat(heartbeat: Heartbeat, from: string, heartbeatMs: number, tookMs: number): Promise<number> {
    const { hiveId } = heartbeat;
    this.#take(heartbeat, heartbeatMs);
    const nowMs = this.#options.clock.monotonicNow();
    const sight = this.#liveness.sights.see(hiveId);
    this.#senders.heard(hiveId, from, nowMs);
    const isBack = this.#liveness.beat(sight, heartbeatMs, nowMs, tookMs);
    if (sight.status !== "online") await this.#statuses.settle(sight);
    const { host, port, probe } = sight;
    if (isBack) void this.check({ id: hiveId, host, port });
    if (this.devices.times.isDue(hiveId, nowMs) && probe !== "refused")
      void this.devices.tryDetecting({ id: hiveId, host, port });
    return this.#liveness.nextBeatMs(sight, nowMs);
  }

  /** A beat came and could not be stored: a hive that is known is alive all the same, and what it says of its workers is true. */
  heard(heartbeat: Heartbeat, heartbeatMs: number): void {
    if (this.#liveness.heard(heartbeat.hiveId, this.#options.clock.monotonicNow())) this.#take(heartbeat, heartbeatMs);
  }

  /** A health check of a hive has ended. Throws HiveCatalogError. */
  async probed(hive: HiveToReach, result: ProbeResult): Promise<void> {
    const sight = this.#liveness.sights.get(hive.id);
    if (sight === undefined || !this.#liveness.probed(sight, hive, result)) return;
    if (sight.status !== "online") await this.#statuses.settleIfThere(sight);
    if (result.outcome !== "answered") return;
    const nowMs = this.#options.clock.monotonicNow();
    this.devices.times.answered(hive.id, result.agentStart, nowMs);
    if (this.devices.times.isDue(hive.id, nowMs)) await this.devices.tryDetecting(hive);
  }

  /** How often callers of this queen changed what the catalog has of hives and cordons. */
  get ownChanges(): number {
    return this.#ownChanges + this.cordons.ownChanges;
  }

  added(record: HiveRecord, labels: Labels): void {
    this.#ownChanges += 1;
    this.#records.added(record, labels);
  }

  /** A caller or an operation wrote this record: its status is their word. */
  written(record: HiveRecord, why?: string): void {
    this.#ownChanges += 1;
    this.#records.written(record, why);
  }

  /** The same of more than its status, or of all else where that was not said; `labels` are all that it has now. */
  edited(record: HiveRecord, labels: Labels, saysStatus: boolean): void {
    this.#ownChanges += 1;
    this.#records.edited(record, labels, saysStatus);
  }

  /** It is not known whether a write of the status was made: the next sign of the hive decides. */
  unsure(id: string): void {
    const sight = this.#liveness.sights.get(id);
    if (sight !== undefined) this.#liveness.unsure(sight, this.#options.clock.monotonicNow());
  }

  /** Removes a hive for a caller; resolves to whether it was there. */
  remove(id: string): Promise<boolean> {
    return this.turns.take(id, async () => {
      const sight = this.sight(id);
      const wasThere = await this.#options.catalog.removeHive(id);
      this.#ownChanges += 1;
      // A beat or a health check may have noticed it first, and told of it.
      const isToldAlready = sight !== undefined && this.sight(id) !== sight;
      const wasKnown = this.#forget(id);
      if (wasThere && !isToldAlready) this.#announcer.removed(id, "caller");
      else if (!wasThere && wasKnown) this.#announcer.removed(id, "another program");
      return wasThere;
    });
  }

  /** The hive is in the catalog no more. */
  gone(id: string): void {
    if (this.#forget(id)) this.#announcer.removed(id, "another program");
  }

  condition(): Condition {
    return this.#liveness.condition.at(this.#options.clock.monotonicNow());
  }

  /** An operator says that the missing hives are gone. Returns how many, or undefined when no mark is held back. */
  confirm(): { missing: number; online: number } | undefined {
    const confirmed = this.#liveness.condition.confirm(this.#options.clock.monotonicNow());
    if (confirmed !== undefined) this.#announcer.confirmed(confirmed, this.#liveness.condition.takeNotices());
    return confirmed;
  }

  /** A reading of the whole catalog begins: what is not met until `endRound` is gone. */
  async beginRound(): Promise<void> {
    const again = "the cordons could not be read; the next round tries again";
    await this.cordons.refresh().catch((error) => this.#options.log[levelOf(error)]({ err: error }, again));
    this.#liveness.sights.beginRound();
    this.#forgotten.dropBefore(this.#roundAtMs);
    this.#roundAtMs = this.#options.clock.monotonicNow();
  }

  endRound(): void {
    for (const id of this.#liveness.sights.endRound()) this.gone(id);
  }

  get sweepIntervalMs(): number {
    return this.#liveness.tickIntervalMs;
  }

  /** Marks the hives offline that are lost as far as the queen remembers, without reading the catalog, until the queen stops. */
  async sweep(): Promise<void> {
    // After a stall, what came meanwhile is read before anybody is judged.
    await wholeTurn();
    const { lost, notices } = this.#liveness.tick(this.#options.clock.monotonicNow(), this.#options.clock.uptimeNow());
    this.#announcer.notices(notices);
    await this.#statuses.settleLost(lost);
    if (this.#options.stopping.aborted) return;
    await this.cordons.endDue();
    await this.news.look();
  }

  close(): Promise<void> {
    return this.devices.close();
  }

  #take(heartbeat: Heartbeat, heartbeatMs: number): void {
    const { hiveId, timestampMs, unusable } = heartbeat;
    const ended = this.registry.update(heartbeat, timestampMs === null ? null : timestampMs - heartbeatMs);
    this.news.heard(heartbeat);
    for (const claim of ended) this.assignments.end(claim);
    this.#unusable.heard(hiveId, unusable);
  }

  /** Returns whether it was known. */
  #forget(id: string): boolean {
    this.registry.remove(id);
    this.#senders.forget(id);
    this.#unusable.forget(id);
    this.devices.forget(id);
    this.cordons.forget(id);
    this.traits.forget(id);
    this.news.forget(id);
    const wasKnown = this.#liveness.sights.forget(id);
    if (wasKnown) this.#forgotten.add(id, this.#options.clock.monotonicNow());
    return wasKnown;
  }
}
