import type { Socket } from "node:net";
import { type HiveCatalog, hasHash, type TokenRecord, tokenIdOf } from "@repo/hive-catalog";
import type { FastifyBaseLogger, FastifyRequest, onRequestHookHandler } from "fastify";
import type { Clock } from "../../process/clock.ts";
import { reasonOf } from "../../process/errors.ts";
import { addressBlock } from "../../reach/addresses.ts";
import { Problem } from "../errors.ts";
import { refuseOtherSites } from "./other-sites.ts";
import { RateLimit } from "./rate-limit.ts";

/**
 * What a route asks of its caller: nothing, a hive's token, at least a reader's, or an operator's. One that is always open is not counted either:
 * whoever restarts the queen when she does not answer must not be kept out by others at his address.
 */
export type Access = "always" | "open" | "hive" | "reader" | "operator";
type GuardedAccess = Exclude<Access, "always" | "open">;
type Role = TokenRecord["role"];

/** Who sends a request. */
export interface Caller {
  readonly role: Role;
  /** The one hive for which it may beat; null for any. */
  readonly hiveId: string | null;
  /** null while the door is open. */
  readonly tokenId: string | null;
}

declare module "fastify" {
  interface FastifyRequest {
    /** null on a route that is open to all. */
    caller: Caller | null;
  }
}

const ADMITTED: Record<GuardedAccess, readonly Role[]> = {
  hive: ["hive", "operator"],
  reader: ["reader", "operator"],
  operator: ["operator"],
};
export const ANYBODY: Caller = { role: "operator", hiveId: null, tokenId: null };
/** After which a token that was added or revoked elsewhere is known here at the latest. */
const REFRESH_MS = 2000;
const DEFAULT_ADDRESS_REQUESTS_PER_SECOND = 100;

export interface RequestLimits {
  /** For each token. */
  readonly tokenRequestsPerSecond: number;
  /** For what comes without a valid token, by address. undefined: 100, and no limit while no token is needed. */
  readonly addressRequestsPerSecond: number | undefined;
}

export interface DoorOptions {
  catalog: HiveCatalog;
  clock: Clock;
  log: FastifyBaseLogger;
  /** Whether callers without a token are let in until there is an operator's or a reader's. */
  openUntilTokens: boolean;
  /** She is reached under its name too while she lets them in. */
  publicUrl: string | undefined;
  limits: RequestLimits;
  /** Told of the connection of each request that is let in; answers whether its caller may have that, too. */
  admitConnection: (connection: Socket, caller: Caller) => boolean;
}

interface KnownToken {
  readonly caller: Caller;
  /** Read from the catalog when the token is first used. */
  hash?: string;
}

/** Lets requests in by their tokens, and keeps each caller to its share. */
export class Door {
  readonly #options: DoorOptions;
  readonly #publicName: string | undefined;
  readonly #perToken: RateLimit;
  readonly #perAddress: RateLimit;
  readonly #revoked = new Set<string>();
  #tokens = new Map<string, KnownToken>();
  #isOpen: boolean;
  #isPrepared = false;
  #version: string | undefined;
  /** The reading under way: a whole fleet that calls before the first one is done waits for the same one. */
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #problem: string | undefined;

  constructor(options: DoorOptions) {
    const { tokenRequestsPerSecond, addressRequestsPerSecond } = options.limits;
    this.#options = options;
    this.#publicName = options.publicUrl && new URL(options.publicUrl).hostname;
    this.#perToken = new RateLimit(tokenRequestsPerSecond);
    this.#perAddress = new RateLimit(addressRequestsPerSecond ?? DEFAULT_ADDRESS_REQUESTS_PER_SECOND);
    this.#isOpen = options.openUntilTokens;
  }

  /** The hook of a route that asks for `access`. It answers at once, but for the first request of a token. */
  guard(access: Access): onRequestHookHandler {
    return (request, _reply, done) => {
      const admitted = this.#admit(access, request);
      if (!(admitted instanceof Promise)) {
        request.caller = admitted;
        return done();
      }
      admitted.then((caller) => {
        request.caller = caller;
        done();
      }, done);
    };
  }

  /** Whether a caller who was let in before would be let in now: its token may have been revoked meanwhile. */
  stillKnows({ tokenId }: Caller): boolean {
    return tokenId === null ? this.#isOpen : this.#tokens.has(tokenId);
  }

  /** Counts a request that nothing speaks for against its address; throws the 429 when that has had its share. */
  countStranger(request: FastifyRequest): void {
    const { clock, limits } = this.#options;
    if (this.#isOpen && limits.addressRequestsPerSecond === undefined) return;
    const waitMs = this.#perAddress.waitMs(addressBlock(request.raw.socket.remoteAddress), clock.monotonicNow());
    if (waitMs > 0) throw tooManyRequests("this address", waitMs);
  }

  /** Lets a request that was let in count for so many more: of its token, or else of its address. */
  charge({ caller, raw }: Pick<FastifyRequest, "caller" | "raw">, requests: number): void {
    const { clock, limits } = this.#options;
    const nowMs = clock.monotonicNow();
    if (caller?.tokenId) this.#perToken.charge(caller.tokenId, requests, nowMs);
    else if (!this.#isOpen || limits.addressRequestsPerSecond !== undefined) {
      this.#perAddress.charge(addressBlock(raw.socket.remoteAddress), requests, nowMs);
    }
  }

  /** Reads the tokens anew: from then on those that were added count, and those that were revoked do not. */
  async refresh(): Promise<void> {
    const { catalog, log } = this.#options;
    // Before they are read: a change in between shows as another version the next time.
    const version = await catalog.tokens.version();
    const records = await catalog.tokens.list();
    const tokens = new Map<string, KnownToken>();
    for (const { id, role, hiveId, revokedAtMs } of records) {
      // Two readings may overlap, and the older one end last: what was revoked stays revoked.
      if (revokedAtMs !== null) this.#revoked.add(id);
      if (!this.#revoked.has(id)) tokens.set(id, this.#tokens.get(id) ?? { caller: { role, hiveId, tokenId: id } });
    }
    this.#tokens = tokens;
    if (this.#isOpen && (await this.#mustClose(records))) {
      this.#isOpen = false;
      log.info("there are tokens now: from here on every request needs one");
    }
    this.#version = version;
    this.#isPrepared = true;
  }

  #prepare(): Promise<void> {
    this.#reading ??= this.refresh().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Hives' tokens alone keep nobody out: the queen gives each agent one that she installs, and her operator must not be locked out by that. */
  async #mustClose(records: readonly TokenRecord[]): Promise<boolean> {
    if (records.some(({ role }) => role !== "hive")) return true;
    const inForce = records.filter(({ revokedAtMs }) => revokedAtMs === null).length;
    // A damaged token is not in the list, and may be anybody's.
    return (await this.#options.catalog.tokens.count()) > inForce;
  }

  /** Goes on reading them until it is stopped. */
  start(): void {
    this.#timer = setInterval(() => void this.#tryRefreshing(), REFRESH_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #tryRefreshing(): Promise<void> {
    if (this.#reading !== undefined) return;
    try {
      // Thousands of tokens take long to read, and seldom change.
      if (!this.#isPrepared || (await this.#options.catalog.tokens.version()) !== this.#version) await this.#prepare();
      this.#problem = undefined;
    } catch (error) {
      const problem = reasonOf(error);
      if (problem !== this.#problem) this.#options.log.warn({ err: error }, "the tokens could not be read anew");
      this.#problem = problem;
    }
  }

  #admit(access: Access, request: FastifyRequest): Caller | null | Promise<Caller> {
    if (access === "always") return null;
    if (access === "open") {
      this.countStranger(request);
      return null;
    }
    if (!this.#isPrepared) return this.#prepare().then(() => this.#admitCaller(access, request));
    return this.#admitCaller(access, request);
  }

  #admitCaller(access: GuardedAccess, request: FastifyRequest): Caller | Promise<Caller> {
    if (this.#isOpen) {
      this.countStranger(request);
      refuseOtherSites(request, this.#publicName);
      this.#options.admitConnection(request.raw.socket, ANYBODY);
      return ANYBODY;
    }
    const token = bearer(request.raw.headers.authorization);
    const id = token === undefined ? undefined : tokenIdOf(token);
    if (token === undefined || id === undefined) return this.#refuse(request);
    const known = this.#tokens.get(id);
    if (known?.hash === undefined) return this.#readAndAdmit(access, request, token, id);
    if (!hasHash(token, known.hash)) return this.#refuse(request);
    return this.#letIn(access, request, known.caller);
  }

  /** For a token that was not used yet, or is not in the list that was read last. */
  async #readAndAdmit(access: GuardedAccess, request: FastifyRequest, token: string, id: string): Promise<Caller> {
    // Whoever makes up ids must not make the catalog work for each.
    if (!this.#tokens.has(id)) this.countStranger(request);
    const record = await this.#options.catalog.tokens.get(id);
    if (record === undefined || record.revokedAtMs !== null || this.#revoked.has(id)) throw unauthenticated(true);
    const { role, hiveId } = record;
    const known = { caller: { role, hiveId, tokenId: id }, hash: record.hash };
    this.#tokens.set(id, known);
    if (!hasHash(token, known.hash)) return this.#refuse(request);
    return this.#letIn(access, request, known.caller);
  }

  #letIn(access: GuardedAccess, request: FastifyRequest, caller: Caller): Caller {
    const { clock, admitConnection } = this.#options;
    const waitMs = this.#perToken.waitMs(caller.tokenId ?? "", clock.monotonicNow());
    if (waitMs > 0) throw tooManyRequests(`the token ${caller.tokenId}`, waitMs);
    if (!admitConnection(request.raw.socket, caller)) throw tooManyConnections(caller);
    if (!ADMITTED[access].includes(caller.role)) throw wrongRole(access, caller);
    return caller;
  }

  #refuse(request: FastifyRequest): never {
    this.countStranger(request);
    throw unauthenticated(request.raw.headers.authorization !== undefined);
  }
}

/** Throws the 403 for a caller whose token is that of another hive. */
export function checkBeatsFor(caller: Caller | null, hiveId: string): void {
  if (caller === null || caller.hiveId === null || caller.hiveId === hiveId) return;
  throw forbidden(
    `This token beats for the hive ${JSON.stringify(caller.hiveId)} alone, not for ${JSON.stringify(hiveId)}`,
  );
}

const bearer = (header: string | undefined): string | undefined =>
  header !== undefined && /^bearer /i.test(header) ? header.slice("bearer ".length).trim() : undefined;

function unauthenticated(hadToken: boolean): Problem {
  const detail = hadToken
    ? "This token is not one of this queen's, or it was revoked"
    : "This needs a token, as `Authorization: Bearer hq_…`; `pnpm queen token create` makes one";
  const challenge = `Bearer realm="queen"${hadToken ? ', error="invalid_token"' : ""}`;
  return new Problem("UNAUTHENTICATED", detail, { headers: { "www-authenticate": challenge } });
}

const forbidden = (detail: string): Problem => new Problem("FORBIDDEN", detail);

const wrongRole = (access: GuardedAccess, { role, tokenId: id }: Caller): Problem =>
  forbidden(
    `This needs the token of one of: ${ADMITTED[access].join(", ")}; the token ${id} is that of the role ${role}`,
  );

const tooManyConnections = ({ tokenId }: Caller): Problem =>
  new Problem("TOO_MANY_REQUESTS", `Too many connections of the token ${tokenId}, or of all: this one is closed`, {
    headers: { "retry-after": "1", connection: "close" },
  });

function tooManyRequests(whose: string, waitMs: number): Problem {
  const seconds = Math.ceil(waitMs / 1000);
  return new Problem("TOO_MANY_REQUESTS", `Too many requests of ${whose}: the next may come in ${seconds} s`, {
    headers: { "retry-after": String(seconds) },
  });
}
