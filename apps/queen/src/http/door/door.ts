import { hasHash, type SessionRecord, secretHash, tokenIdOf } from "@repo/hive-catalog";
import type { FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import type { Servers } from "../connections/servers.ts";
import { type Access, ANYBODY, type Caller, checkRole, type GuardedAccess } from "./caller.ts";
import { KnownCallers, type KnownCallersOptions } from "./known-callers.ts";
import { hasExpired, type KnownToken } from "./known-tokens.ts";
import { Logins } from "./logins.ts";
import { refuseOtherNames, refuseOtherSites } from "./other-sites.ts";
import { Rates, type RequestLimits } from "./rates.ts";
import {
  expired,
  keyNeeded,
  sessionEnded,
  tokenNeeded,
  tooManyConnections,
  unknownToken,
  wrongKey,
} from "./refusals.ts";
import { SessionCookie } from "./session-cookie.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** null on a route that is open to all. */
    caller: Caller | null;
  }
}

interface DoorOptions extends KnownCallersOptions {
  limits: RequestLimits;
  /** She is reached under its name too while callers without a token are let in. */
  publicUrl: string | undefined;
  /** Whether browsers come to her over TLS. */
  isSecure: boolean;
  servers: Pick<Servers, "prove">;
}

/** The methods that change nothing: a cookie alone, which browsers send to every port of a host, does for them. */
const READING: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Lets requests in by their tokens or their sessions, and keeps each caller to its share. */
export class Door {
  readonly known: KnownCallers;
  readonly logins: Logins;
  readonly cookie: SessionCookie;
  readonly rates: Rates;
  readonly #options: DoorOptions;
  readonly #publicName: string | undefined;

  constructor(options: DoorOptions) {
    const { publicUrl } = options;
    const known = new KnownCallers(options);
    this.known = known;
    this.rates = new Rates({ ...options, isOpen: () => known.isOpen });
    this.logins = new Logins({ ...options, known, rates: this.rates });
    this.cookie = new SessionCookie(options.isSecure);
    this.#options = options;
    this.#publicName = publicUrl && new URL(publicUrl).hostname;
  }

  /** The hook of every request. What a browser sends by itself, whatever page it is for, must be for one of hers; a token is sent by nothing that was not given it. */
  checkSite(request: FastifyRequest): void {
    const { headers } = request.raw;
    if (headers["sec-fetch-site"] === undefined && headers.origin === undefined) return;
    const comesByItself = this.known.isOpen || this.cookie.in(headers.cookie) !== undefined;
    if (!comesByItself || bearer(headers.authorization) !== undefined) return;
    try {
      refuseOtherSites(request.raw);
    } catch (refusal) {
      this.rates.countStranger(request);
      throw refusal;
    }
  }

  guard(access: Access): onRequestAsyncHookHandler {
    return async (request) => {
      if (access === "always") return;
      if (access === "open") return this.rates.countStranger(request);
      request.caller = await this.#admit(access, request);
    };
  }

  /** Whether a caller who was let in before would be let in now; null on a route that is open to all. */
  stillAdmits(caller: Caller | null): boolean {
    return caller === null || this.known.stillKnow(caller);
  }

  async #admit(access: GuardedAccess, request: FastifyRequest): Promise<Caller> {
    const { raw } = request;
    if (!this.known.isPrepared) await this.known.prepare();
    if (this.known.isOpen) {
      this.rates.countStranger(request);
      refuseOtherNames(raw, this.#publicName);
      this.#options.servers.prove(raw.socket, ANYBODY);
      if (raw.headers.authorization !== undefined) void this.#noteUse(raw.headers.authorization);
      return ANYBODY;
    }
    const token = bearer(raw.headers.authorization);
    const cookie = token === undefined ? this.cookie.in(raw.headers.cookie) : undefined;
    if (cookie !== undefined) return this.#admitSession(access, request, secretHash(cookie));
    const id = token === undefined ? undefined : tokenIdOf(token);
    if (token === undefined || id === undefined)
      return this.#turnAway(request, tokenNeeded(raw.headers.authorization !== undefined));
    const listed = this.known.tokens.get(id);
    // Whoever makes up ids must not make the catalog work for each.
    if (listed === undefined) this.rates.countStranger(request);
    const known = listed?.hash === undefined ? await this.known.tokens.read(id) : listed;
    if (known === undefined) throw unknownToken();
    if (known.hash === undefined || !hasHash(token, known.hash)) return this.#turnAway(request, unknownToken());
    return this.#letIn(access, request, known);
  }

  /** While callers need no token, too: whoever locks the door wants to know which hives show theirs. Never rejects. */
  async #noteUse(authorization: string): Promise<void> {
    const { tokens } = this.known;
    const token = bearer(authorization);
    const id = token === undefined ? undefined : tokenIdOf(token);
    const listed = id === undefined ? undefined : tokens.get(id);
    if (token === undefined || id === undefined || listed === undefined) return;
    const known = listed.hash === undefined ? await tokens.read(id).catch(() => undefined) : listed;
    if (known?.hash !== undefined && hasHash(token, known.hash)) known.usedAtMs = this.#options.clock.now();
  }

  async #admitSession(access: GuardedAccess, request: FastifyRequest, cookieHash: string): Promise<Caller> {
    const { sessions, tokens } = this.known;
    const session = sessions.get(cookieHash) ?? (await this.#readSession(request, cookieHash));
    const known = tokens.get(session.tokenId);
    const nowMs = this.#options.clock.now();
    if (known === undefined || hasExpired(known, nowMs) || nowMs >= session.expiresAtMs) {
      return this.#turnAway(request, sessionEnded());
    }
    const key = request.raw.headers["x-queen-key"];
    const hasKey = key !== undefined;
    if (hasKey && !hasHash(String(key), session.keyHash)) return this.#turnAway(request, wrongKey());
    if (!hasKey && !READING.has(request.method)) throw keyNeeded();
    const { role } = known.caller;
    const login = { cookieHash, role, hasKey, expiresAtMs: session.expiresAtMs };
    return this.#letIn(access, request, known, { ...known.caller, role: hasKey ? role : "reader", login });
  }

  /** One that began, perhaps with a token that was made, after both were read last. */
  async #readSession(request: FastifyRequest, cookieHash: string): Promise<SessionRecord> {
    const { sessions, tokens } = this.known;
    this.rates.countStranger(request);
    const session = await sessions.read(cookieHash);
    if (session === undefined) throw sessionEnded();
    if (tokens.get(session.tokenId) === undefined) await tokens.read(session.tokenId);
    return session;
  }

  #letIn(access: GuardedAccess, request: FastifyRequest, known: KnownToken, caller: Caller = known.caller): Caller {
    const { clock, servers } = this.#options;
    const nowMs = clock.now();
    if (hasExpired(known, nowMs)) return this.#turnAway(request, expired(known.caller.tokenId, known.expiresAtMs));
    this.rates.countToken(known.caller.tokenId);
    known.usedAtMs = nowMs;
    if (!servers.prove(request.raw.socket, caller)) throw tooManyConnections(caller.tokenId);
    checkRole(access, caller);
    return caller;
  }

  #turnAway(request: FastifyRequest, problem: Error): never {
    this.rates.countStranger(request);
    throw problem;
  }
}

const bearer = (header: string | undefined): string | undefined =>
  header !== undefined && /^bearer /i.test(header) ? header.slice("bearer ".length).trim() : undefined;
