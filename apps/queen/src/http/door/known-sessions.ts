import {
  type HiveCatalog,
  MAX_SESSIONS,
  MAX_SESSIONS_OF_TOKEN,
  mintSession,
  type SessionRecord,
} from "@repo/hive-catalog";

const MAX_AGE_MS = 43_200_000;

/** What is handed out once, to whoever logs in. */
export interface NewLogin extends SessionRecord {
  readonly cookie: string;
  readonly key: string;
}

/** The sessions in force, as the catalog last had them. */
export class KnownSessions {
  readonly #catalog: HiveCatalog;
  #sessions = new Map<string, SessionRecord>();
  #version: string | undefined;
  /** Of each reading under way what began or ended here since: what is read may not have it. */
  readonly #meanwhile = new Set<Map<string, SessionRecord | undefined>>();

  constructor(catalog: HiveCatalog) {
    this.#catalog = catalog;
  }

  get(cookieHash: string): SessionRecord | undefined {
    return this.#sessions.get(cookieHash);
  }

  isInForce(cookieHash: string, nowMs: number): boolean {
    return nowMs < (this.#sessions.get(cookieHash)?.expiresAtMs ?? 0);
  }

  /** One that began after they were read last. */
  async read(cookieHash: string): Promise<SessionRecord | undefined> {
    const session = await this.#catalog.sessions.get(cookieHash);
    if (session !== undefined) this.#set(session);
    return session;
  }

  /** Begins one, which ends after half a day, and not after its token. undefined where that was revoked meanwhile. */
  async begin(tokenId: string, tokenExpiresAtMs: number | null, nowMs: number): Promise<NewLogin | undefined> {
    const { cookie, key, ...hashes } = mintSession();
    const expiresAtMs = Math.round(Math.min(nowMs + MAX_AGE_MS, tokenExpiresAtMs ?? Number.POSITIVE_INFINITY));
    const session = await this.#catalog.sessions.add({ ...hashes, tokenId, expiresAtMs });
    if (session === undefined) return undefined;
    this.#set(session);
    this.#endFirst(MAX_SESSIONS_OF_TOKEN, (other) => other.tokenId === tokenId);
    this.#endFirst(MAX_SESSIONS, () => true);
    return { ...session, cookie, key };
  }

  async end(cookieHash: string): Promise<void> {
    await this.#catalog.sessions.remove(cookieHash);
    this.#forget(cookieHash);
  }

  /** Those that the catalog has just ended for one more. */
  #endFirst(kept: number, which: (session: SessionRecord) => boolean): void {
    const sessions = [...this.#sessions.values()].filter(which);
    if (sessions.length <= kept) return;
    const byEnd = sessions.toSorted((one, other) => one.expiresAtMs - other.expiresAtMs);
    for (const { cookieHash } of byEnd.slice(0, -kept)) this.#forget(cookieHash);
  }

  #set(session: SessionRecord): void {
    this.#sessions.set(session.cookieHash, session);
    for (const changes of this.#meanwhile) changes.set(session.cookieHash, session);
  }

  #forget(cookieHash: string): void {
    this.#sessions.delete(cookieHash);
    for (const changes of this.#meanwhile) changes.set(cookieHash, undefined);
  }

  /** Reads them anew where they are others than those that were read. */
  async refresh(): Promise<void> {
    const version = await this.#catalog.sessions.version();
    if (version === this.#version) return;
    const changes = new Map<string, SessionRecord | undefined>();
    this.#meanwhile.add(changes);
    try {
      const listed = await this.#catalog.sessions.list();
      const sessions = new Map(listed.map((session) => [session.cookieHash, session]));
      for (const [cookieHash, session] of changes) {
        if (session === undefined) sessions.delete(cookieHash);
        else sessions.set(cookieHash, session);
      }
      this.#sessions = sessions;
      this.#version = version;
    } finally {
      this.#meanwhile.delete(changes);
    }
  }
}
