import { randomBytes } from "node:crypto";
import { hasHash, secretHash, tokenIdOf } from "@repo/hive-catalog";
import type { FastifyBaseLogger, FastifyRequest } from "fastify";
import type { Clock } from "../../process/clock.ts";
import { Problem } from "../errors.ts";
import type { Caller } from "./caller.ts";
import type { KnownCallers } from "./known-callers.ts";
import { hasExpired, type KnownToken } from "./known-tokens.ts";
import { refuseOtherSites } from "./other-sites.ts";
import type { Rates } from "./rates.ts";
import { expired, forbidden, unknownToken, wrongCode } from "./refusals.ts";

const MAX_CODE_AGE_MS = 60_000;
/** Of one token, and of all: one more ends the oldest. */
const MAX_CODES_OF_TOKEN = 8;
const MAX_CODES = 1024;

interface Code {
  readonly tokenId: string;
  readonly untilMs: number;
}

/** Codes with which a page logs in once, in place of a token: for a command that opens the page. Of this queen alone, and gone when she ends. */
export class LoginCodes {
  readonly #codes = new Map<string, Code>();

  /** `nowMs` is monotonic. */
  make(tokenId: string, nowMs: number): { code: string; forMs: number } {
    this.#makeRoom(tokenId, nowMs);
    const code = randomBytes(32).toString("base64url");
    this.#codes.set(secretHash(code), { tokenId, untilMs: nowMs + MAX_CODE_AGE_MS });
    return { code, forMs: MAX_CODE_AGE_MS };
  }

  #makeRoom(tokenId: string, nowMs: number): void {
    for (const [hash, { untilMs }] of this.#codes) {
      if (nowMs < untilMs && this.#codes.size < MAX_CODES) break;
      this.#codes.delete(hash);
    }
    const own = [...this.#codes].filter(([, code]) => code.tokenId === tokenId);
    for (const [hash] of own.slice(0, Math.max(0, own.length - MAX_CODES_OF_TOKEN + 1))) this.#codes.delete(hash);
  }

  /** The token of which it is, this once. */
  take(code: string, nowMs: number): string | undefined {
    const hash = secretHash(code);
    const found = this.#codes.get(hash);
    this.#codes.delete(hash);
    return found !== undefined && nowMs < found.untilMs ? found.tokenId : undefined;
  }
}

/** A token, or else a code that was made with one. */
interface Shown {
  readonly token?: string | undefined;
  readonly code?: string | undefined;
}

interface LoginsOptions {
  known: KnownCallers;
  rates: Rates;
  clock: Clock;
  log: FastifyBaseLogger;
}

/** Lets people in, whose browsers cannot show a token with all that they ask for. */
export class Logins {
  readonly #options: LoginsOptions;
  readonly #codes = new LoginCodes();

  constructor(options: LoginsOptions) {
    this.#options = options;
  }

  /** Begins a session for whoever shows a token, or a code that somebody with a token made. */
  async logIn({ raw }: Pick<FastifyRequest, "raw">, shown: Shown) {
    const { known, rates, clock, log } = this.#options;
    refuseOtherSites(raw);
    await this.#refuseWhileOpen();
    const nowMs = clock.now();
    const token = shown.token === undefined ? this.#ofCode(shown.code ?? "") : await this.#ofToken(shown.token);
    const { tokenId, role } = token.caller;
    if (hasExpired(token, nowMs)) throw expired(tokenId, token.expiresAtMs);
    if (role === "hive") throw forbidden(`The token ${tokenId} is a hive's, for whom there are no sessions`);
    rates.countToken(tokenId);
    token.usedAtMs = nowMs;
    const login = await known.sessions.begin(tokenId, token.expiresAtMs, nowMs);
    if (login === undefined) throw unknownToken();
    log.info({ token: tokenId, remote: raw.socket.remoteAddress }, "somebody logged in");
    return { ...login, role, maxAgeMs: login.expiresAtMs - nowMs };
  }

  /** For whoever has no token to type: a code for one login, within a minute, with the rights of the caller's token. */
  async makeCode({ tokenId, login }: Caller): Promise<{ code: string; expiresAtMs: number }> {
    const { clock } = this.#options;
    await this.#refuseWhileOpen();
    // A session would outlive itself: each code begins another one.
    if (login !== undefined)
      throw forbidden("A session makes no codes: show the token itself, as `Authorization: Bearer hq_…`");
    const { code, forMs } = this.#codes.make(tokenId ?? "", clock.monotonicNow());
    return { code, expiresAtMs: Math.round(clock.now() + forMs) };
  }

  async #ofToken(shown: string): Promise<KnownToken> {
    const id = tokenIdOf(shown);
    const token = id === undefined ? undefined : await this.#options.known.tokens.read(id);
    if (token === undefined || !hasHash(shown, token.hash)) throw unknownToken();
    return token;
  }

  #ofCode(shown: string): KnownToken {
    const { known, clock } = this.#options;
    const tokenId = this.#codes.take(shown, clock.monotonicNow());
    const token = tokenId === undefined ? undefined : known.tokens.get(tokenId);
    if (token === undefined) throw wrongCode();
    return token;
  }

  async #refuseWhileOpen(): Promise<void> {
    const { known } = this.#options;
    if (!known.isPrepared) await known.prepare();
    if (!known.isOpen) return;
    throw new Problem(
      "DOOR_OPEN",
      "Nobody has to log in: while there are no tokens, this queen lets everybody on her machine in",
    );
  }
}
