import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { isAbsolute } from "node:path";
import { type HiveCatalog, HiveCatalogError, QUEEN_GONE_AFTER_MS } from "@repo/hive-catalog";
import type { Logger } from "pino";
import type { Clock } from "../process/clock.ts";
import { asError, isCatalogError } from "../process/errors.ts";
import { isDurable } from "./durable.ts";
import type { Metrics } from "./metrics.ts";

const RENEWAL_INTERVAL_MS = 5000;
/** At her end, a lock that another process holds must not hold her up. */
const REMOVAL_TIMEOUT_MS = 1000;
const MAX_HOST = 64;

interface Parts {
  catalog: HiveCatalog;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
}

/**
 * Says in the catalog that this queen runs, sees there which others do, and so finds out whether the catalog takes any change at all, and
 * whether it syncs each. A catalog is made for one queen until one of several is elected: then `id` is who holds the lease, and `renewAndLook`
 * the place to renew it.
 */
export class Presence {
  /** Of this start of the queen: what she does is recorded under it. */
  readonly id = `${hostname()
    .replace(/[^\w.-]/g, "-")
    .slice(0, MAX_HOST)}-${process.pid}-${randomBytes(4).toString("hex")}`;
  readonly #parts: Parts;
  readonly #ending = new AbortController();
  /** What each other queen had said last when she was first seen: one that was killed before says nothing more. */
  #firstSeenMs: ReadonlyMap<string, number> = new Map();
  #others: readonly string[] = [];
  /** Monotonic: since when changes have failed and reads have not. */
  #failingSinceMs: number | undefined;
  #writeProblem: string | undefined;
  #isDurable = true;
  #isKnown = false;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.metrics.otherQueens.read = () => this.otherQueens;
    parts.metrics.catalogWritesFailing.read = () => (this.#writeProblem === undefined ? 0 : 1);
  }

  get otherQueens(): number {
    return this.#others.length;
  }

  /** Why no change of the catalog succeeds, although it can be read; undefined when changes do, or have not failed for long. */
  get writeProblem(): string | undefined {
    return this.#writeProblem;
  }

  start(): void {
    const next = () => {
      this.#running ??= this.renewAndLook().finally(() => {
        this.#running = undefined;
      });
    };
    this.#timer = setInterval(next, RENEWAL_INTERVAL_MS).unref();
    next();
  }

  /** Says once that she runs, and looks who else does. Never rejects. */
  async renewAndLook(): Promise<void> {
    const startedAtMs = this.#parts.clock.monotonicNow();
    const failure = await this.renew().then(() => undefined, asError);
    const isRead = await this.#look().then(
      () => true,
      () => false,
    );
    if (this.#ending.signal.aborted) return;
    if (failure === undefined || !isRead) this.#writesWork();
    else this.#writesFail(failure, startedAtMs);
    await this.#lookHowDurable();
  }

  /** Says that she runs: until then, what she does may be taken for that of a queen that is gone. */
  async renew(): Promise<void> {
    this.#isKnown = true;
    await this.#parts.catalog.queens.renew(this.id, { signal: this.#ending.signal });
  }

  /** Says that she runs no more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#ending.abort();
    await this.#running;
    if (!this.#isKnown) return;
    const signal = AbortSignal.timeout(REMOVAL_TIMEOUT_MS);
    // The others find out by themselves.
    await this.#parts.catalog.queens.remove(this.id, { signal }).catch(() => undefined);
  }

  async #look(): Promise<void> {
    const { catalog, log } = this.#parts;
    const queens = await catalog.queens.list({ signal: this.#ending.signal });
    const others = queens.filter(({ id }) => id !== this.id);
    this.#firstSeenMs = new Map(others.map(({ id, seenAtMs }) => [id, this.#firstSeenMs.get(id) ?? seenAtMs]));
    const before = this.#others;
    this.#others = others.filter(({ id, seenAtMs }) => this.#firstSeenMs.get(id) !== seenAtMs).map(({ id }) => id);
    for (const id of this.#others) if (!before.includes(id)) log.warn({ other_queen: id }, ANOTHER_QUEEN);
    for (const id of before) if (!this.#others.includes(id)) log.info({ other_queen: id }, "the other queen is gone");
  }

  /** A server may sync each change, be started anew, and do it no more. */
  async #lookHowDurable(): Promise<void> {
    const { catalog, log } = this.#parts;
    const isNow = (await isDurable(catalog, { signal: this.#ending.signal })) ?? this.#isDurable;
    if (this.#isDurable && !isNow) log.warn(NOT_DURABLE);
    if (!this.#isDurable && isNow) log.info("the server of the catalog syncs each change to its disk now");
    this.#isDurable = isNow;
  }

  #writesWork(): void {
    if (this.#writeProblem !== undefined)
      this.#parts.log.info("the catalog takes changes again, or cannot be read either");
    this.#failingSinceMs = undefined;
    this.#writeProblem = undefined;
  }

  #writesFail(error: Error, startedAtMs: number): void {
    // Nothing was to be written there.
    if (isCatalogError(error, "CATALOG_READ_ONLY")) return;
    this.#failingSinceMs ??= startedAtMs;
    if (this.#parts.clock.monotonicNow() - this.#failingSinceMs < QUEEN_GONE_AFTER_MS) return;
    const problem = problemOf(error, this.#parts.catalog.location);
    if (this.#writeProblem === undefined) this.#parts.log.error({ err: error }, `the catalog fails: ${problem}`);
    this.#writeProblem = problem;
  }
}

const NOT_DURABLE =
  "the server of the catalog does not sync each change to its disk: a loss of power there can take what was answered; docs/operations.md says how to end that";

const ANOTHER_QUEEN =
  "another queen runs on this catalog, which is made for one: two that judge may disagree; stop one of them";

function problemOf(error: Error, location: string): string {
  const code = error instanceof HiveCatalogError ? error.code : "";
  // Of a file that is not in its place the error says what to do.
  return `reads work, writes do not: ${remedyOf(code, location) ?? error.message}`;
}

function remedyOf(code: string, location: string): string | undefined {
  const isServer = !isAbsolute(location);
  if (code === "CATALOG_FULL") return `make room on the disk of ${isServer ? "the server" : location}`;
  if (isServer) return HEALED_BY_RESTART.has(code) ? "restart the server" : undefined;
  return code === "CATALOG_BUSY" ? `end the process that holds the lock, which \`fuser ${location}\` shows` : undefined;
}

/** Of a catalog on a server. */
const HEALED_BY_RESTART: ReadonlySet<string> = new Set([
  "CATALOG_UNAVAILABLE",
  "CATALOG_OUTCOME_UNKNOWN",
  "CATALOG_BUSY",
]);
