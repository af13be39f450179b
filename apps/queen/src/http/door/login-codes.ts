import { randomBytes } from "node:crypto";
import { secretHash } from "@repo/hive-catalog";

const MAX_AGE_MS = 60_000;
/** Of one token, and of all: one more ends the oldest. */
const MAX_OF_TOKEN = 8;
const MAX_IN_ALL = 1024;

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
    this.#codes.set(secretHash(code), { tokenId, untilMs: nowMs + MAX_AGE_MS });
    return { code, forMs: MAX_AGE_MS };
  }

  #makeRoom(tokenId: string, nowMs: number): void {
    for (const [hash, { untilMs }] of this.#codes) {
      if (nowMs < untilMs && this.#codes.size < MAX_IN_ALL) break;
      this.#codes.delete(hash);
    }
    const own = [...this.#codes].filter(([, code]) => code.tokenId === tokenId);
    for (const [hash] of own.slice(0, Math.max(0, own.length - MAX_OF_TOKEN + 1))) this.#codes.delete(hash);
  }

  /** The token of which it is, this once. */
  take(code: string, nowMs: number): string | undefined {
    const hash = secretHash(code);
    const found = this.#codes.get(hash);
    this.#codes.delete(hash);
    return found !== undefined && nowMs < found.untilMs ? found.tokenId : undefined;
  }
}
