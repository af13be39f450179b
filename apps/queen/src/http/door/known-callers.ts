import type { HiveCatalog, NewToken, TokenRecord } from "@repo/hive-catalog";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "../../process/clock.ts";
import { reasonOf } from "../../process/errors.ts";
import type { Caller } from "./caller.ts";
import { KnownSessions } from "./known-sessions.ts";
import { KnownTokens } from "./known-tokens.ts";
import { operatorFirst } from "./refusals.ts";

/** After which a token or a session that was added or ended elsewhere is known here at the latest. */
const REFRESH_MS = 2000;
const WRITE_USES_MS = 60_000;

export interface KnownCallersOptions {
  catalog: HiveCatalog;
  clock: Clock;
  log: FastifyBaseLogger;
  /** Whether callers without a token are let in until there is an operator's or a reader's. */
  openUntilTokens: boolean;
  /** Told whenever some who were let in may not be let in any more. */
  onEnded: () => void;
}

/** Who is known to the queen: follows the catalog, which other processes change too. */
export class KnownCallers {
  readonly tokens: KnownTokens;
  readonly sessions: KnownSessions;
  readonly #options: KnownCallersOptions;
  readonly #timers: NodeJS.Timeout[] = [];
  /** The problem of each thing that is tried again and again, so that the log says it once. */
  readonly #problems = new Map<string, string>();
  #isOpen: boolean;
  #isPrepared = false;
  /** The reading under way: a whole fleet that calls before the first one is done waits for the same one. */
  #reading: Promise<void> | undefined;

  constructor(options: KnownCallersOptions) {
    this.tokens = new KnownTokens(options.catalog);
    this.sessions = new KnownSessions(options.catalog);
    this.#options = options;
    this.#isOpen = options.openUntilTokens;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isPrepared(): boolean {
    return this.#isPrepared;
  }

  /** Why the beats of this hive are refused, unless it shows an operator's token: none of its own is in force, or it was never shown. */
  whyRefused(hiveId: string): "no_token" | "token_unused" | undefined {
    if (this.#isOpen || !this.#isPrepared) return undefined;
    if (!this.tokens.hasOneOf(hiveId, this.#options.clock.now())) return "no_token";
    return this.tokens.wasUsedBy(hiveId) ? undefined : "token_unused";
  }

  /** Reads them, unless somebody does already. */
  prepare(): Promise<void> {
    this.#reading ??= this.refresh().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Reads them anew: from then on those that were added count, and those that were ended do not. */
  async refresh(): Promise<void> {
    const records = await this.tokens.refresh();
    if (this.#isOpen && (await this.#mustClose(records))) this.#close();
    await this.sessions.refresh();
    this.#isPrepared = true;
    this.#options.onEnded();
  }

  #close(): void {
    this.#isOpen = false;
    const isNews = this.#isPrepared;
    this.#options.log.info(`there are tokens${isNews ? " now: from here on" : ":"} every request needs one`);
  }

  /** Hives' tokens alone keep nobody out: the queen gives each agent one that she installs, and her operator must not be locked out by that. */
  async #mustClose(records: readonly TokenRecord[]): Promise<boolean> {
    if (records.some(({ role }) => role !== "hive")) return true;
    const inForce = records.filter(({ revokedAtMs }) => revokedAtMs === null).length;
    // A damaged token is not in the list, and may be anybody's.
    return (await this.#options.catalog.tokens.count()) > inForce;
  }

  /** Whether a caller who was let in before would be let in now: its token may have been revoked meanwhile, or its session have ended. */
  stillKnow({ tokenId, login }: Caller): boolean {
    if (tokenId === null) return this.#isOpen;
    const nowMs = this.#options.clock.now();
    if (!this.tokens.isInForce(tokenId, nowMs)) return false;
    return login === undefined || this.sessions.isInForce(login.cookieHash, nowMs);
  }

  /** Makes a token. The first that locks the door does so before anybody knows it, and must be one with which an operator comes in for good. */
  async add(token: NewToken): Promise<TokenRecord> {
    const { catalog, onEnded } = this.#options;
    const { role, expiresAtMs = null } = token;
    const isLocking = this.#isOpen && role !== "hive";
    if (isLocking && (role !== "operator" || expiresAtMs !== null)) throw operatorFirst();
    const record = await catalog.tokens.add(token);
    if (isLocking) {
      this.#close();
      onEnded();
    }
    return record;
  }

  async revoke(tokenId: string): Promise<boolean> {
    if (!(await this.#options.catalog.tokens.revoke(tokenId, { unlessLastOperator: true }))) return false;
    this.tokens.forget(tokenId);
    this.#options.onEnded();
    return true;
  }

  async endSession(cookieHash: string): Promise<void> {
    await this.sessions.end(cookieHash);
    this.#options.onEnded();
  }

  start(): void {
    const refresh = setInterval(
      () => void this.#trying("the tokens could not be read anew", this.#refreshIfChanged()),
      REFRESH_MS,
    );
    const writeUses = setInterval(() => void this.#writeUses(), WRITE_USES_MS);
    this.#timers.push(refresh.unref(), writeUses.unref());
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#writeUses();
  }

  async #refreshIfChanged(): Promise<void> {
    if (this.#reading !== undefined) return;
    try {
      // Thousands of tokens take long to read, and seldom change.
      if (!this.#isPrepared || (await this.tokens.haveChanged())) await this.prepare();
      else await this.sessions.refresh();
    } finally {
      // Some may have expired.
      this.#options.onEnded();
    }
  }

  #writeUses(): Promise<void> {
    return this.#trying("the last use of tokens could not be written", this.tokens.writeUses());
  }

  async #trying(what: string, attempt: Promise<void>): Promise<void> {
    try {
      await attempt;
      this.#problems.delete(what);
    } catch (error) {
      const problem = reasonOf(error);
      if (problem !== this.#problems.get(what)) this.#options.log.warn({ err: error }, what);
      this.#problems.set(what, problem);
    }
  }
}
