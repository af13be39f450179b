import { type HiveCatalog, mintSession, type SessionRecord } from "@repo/hive-catalog";

const MAX_AGE_MS = 43_200_000;

/** What is handed out once, to whoever logs in. */
interface NewLogin extends SessionRecord {
  readonly cookie: string;
  readonly key: string;
}

/** The sessions in force, as the catalog last had them. */
export class KnownSessions {
  readonly #catalog: HiveCatalog;
  #sessions = new Map<string, SessionRecord>();
  /** Another one whenever some are forgotten, or all are read anew: a reading that was under way, and may still have those, counts for nothing. */
  #revision = 0;
  #version: string | undefined;

  constructor(catalog: HiveCatalog) {
    this.#catalog = catalog;
  }

  get(cookieHash: string): SessionRecord | undefined {
    return this.#sessions.get(cookieHash);
  }

  isInForce(cookieHash: string, nowMs: number): boolean {
    return nowMs < (this.#sessions.get(cookieHash)?.expiresAtMs ?? 0);
  }

  async read(cookieHash: string): Promise<SessionRecord | undefined> {
    const revision = this.#revision;
    const session = await this.#catalog.sessions.get(cookieHash);
    if (revision !== this.#revision) return this.read(cookieHash);
    if (session !== undefined) this.#sessions.set(cookieHash, session);
    return session;
  }

  /** Begins one, which ends after half a day, and not after its token. undefined where that was revoked meanwhile. */
  async begin(tokenId: string, tokenExpiresAtMs: number | null, nowMs: number): Promise<NewLogin | undefined> {
    const { cookie, key, ...hashes } = mintSession();
    const expiresAtMs = Math.round(Math.min(nowMs + MAX_AGE_MS, tokenExpiresAtMs ?? Number.POSITIVE_INFINITY));
    const begun = await this.#catalog.sessions.add({ ...hashes, tokenId, expiresAtMs });
    if (begun === undefined) return undefined;
    this.#forget(begun.ended);
    return { ...begun.session, cookie, key };
  }

  async end(cookieHash: string): Promise<void> {
    await this.#catalog.sessions.remove(cookieHash);
    this.#forget([cookieHash]);
  }

  #forget(ended: readonly string[]): void {
    if (ended.length > 0) this.#revision += 1;
    for (const cookieHash of ended) this.#sessions.delete(cookieHash);
  }

  /** Reads them anew where they are others than those that were read. */
  async refresh(): Promise<void> {
    const revision = this.#revision;
    // Before they are read: a change in between shows as another version the next time.
    const version = await this.#catalog.sessions.version();
    if (version === this.#version) return;
    const sessions = await this.#catalog.sessions.list();
    if (revision !== this.#revision) return;
    this.#revision += 1;
    this.#sessions = new Map(sessions.map((session) => [session.cookieHash, session]));
    this.#version = version;
  }
}
