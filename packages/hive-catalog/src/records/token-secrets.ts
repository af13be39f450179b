import { hash, randomBytes, timingSafeEqual } from "node:crypto";

/** A token as it is handed out once, and what is stored of it: `const { token, ...stored } = mintToken()`. */
export interface MintedToken {
  /** Public: names the token in lists, logs and `tokens.revoke`. */
  readonly id: string;
  /** `hq_<id>_<secret>`. */
  readonly token: string;
  /** SHA-256 of the whole token, in hexadecimal digits. 256 random bits need no slower hash. */
  readonly hash: string;
}

const HASH_DIGITS = 64;
const TOKEN = /^hq_([0-9a-f]{16})_[\w-]{43}$/;

/** A new token. Only its hash is to be stored: who is to use it is given `token` now, or never. */
export function mintToken(): MintedToken {
  const id = randomBytes(8).toString("hex");
  const token = `hq_${id}_${randomBytes(32).toString("base64url")}`;
  return { id, token, hash: secretHash(token) };
}

/** What is handed out once for a login, and what is stored of it: `const { cookie, key, ...stored } = mintSession()`. */
export interface MintedSession {
  /** 256 random bits, for the browser alone. */
  readonly cookie: string;
  /** 128 further ones, for the page. */
  readonly key: string;
  readonly cookieHash: string;
  readonly keyHash: string;
}

/** A new login. Only the two hashes are to be stored. */
export function mintSession(): MintedSession {
  const cookie = randomBytes(32).toString("base64url");
  const key = randomBytes(16).toString("base64url");
  return { cookie, key, cookieHash: secretHash(cookie), keyHash: secretHash(key) };
}

/** What is stored of a secret: its SHA-256, in hexadecimal digits. */
export const secretHash = (secret: string): string => hash("sha256", secret);

/** The id in a token; undefined for what is none. */
export const tokenIdOf = (token: string): string | undefined => TOKEN.exec(token)?.[1];

/** Whether a stored hash is that of a token, or of another secret; takes as long for one wrong digit as for another. */
export function hasHash(secret: string, stored: string): boolean {
  const expected = Buffer.from(stored);
  return expected.length === HASH_DIGITS && timingSafeEqual(Buffer.from(secretHash(secret)), expected);
}
