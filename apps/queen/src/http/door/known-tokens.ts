import type { HiveCatalog, StoredToken, TokenRecord } from "@repo/hive-catalog";
import type { Caller } from "./caller.ts";

/** What is kept of a token, so that no request waits for the catalog but the first. */
export interface KnownToken {
  readonly caller: Caller & { readonly tokenId: string };
  readonly expiresAtMs: number | null;
  /** Read from the catalog when the token is first used. */
  hash?: string;
  /** As far as it is known here; null if it never was. */
  usedAtMs: number | null;
  writtenUseMs: number | null;
}

/** The tokens in force, as the catalog last had them. */
export class KnownTokens {
  readonly #catalog: HiveCatalog;
  #tokens = new Map<string, KnownToken>();
  /** Another one whenever one is forgotten, or all are read anew: a reading that was under way, and may still have that one, counts for nothing. */
  #revision = 0;
  /** Those of hives, by hive; undefined until somebody asks. */
  #ofHives: ReadonlyMap<string, readonly KnownToken[]> | undefined;
  #version: string | undefined;

  constructor(catalog: HiveCatalog) {
    this.#catalog = catalog;
  }

  get(id: string): KnownToken | undefined {
    return this.#tokens.get(id);
  }

  isInForce(id: string, nowMs: number): boolean {
    const known = this.#tokens.get(id);
    return known !== undefined && !hasExpired(known, nowMs);
  }

  hasOneOf(hiveId: string, nowMs: number): boolean {
    return this.#ofHive(hiveId).some((token) => !hasExpired(token, nowMs));
  }

  /** Whether one of this hive was shown, as far as it is known here. */
  wasUsedBy(hiveId: string): boolean {
    return this.#ofHive(hiveId).some(({ usedAtMs }) => usedAtMs !== null);
  }

  /** When it was last used, here or, as it is written down, elsewhere. */
  lastUseOf({ id, lastUsedAtMs }: TokenRecord): number | null {
    const usedAtMs = this.#tokens.get(id)?.usedAtMs ?? null;
    if (usedAtMs === null) return lastUsedAtMs;
    return Math.max(Math.round(usedAtMs), lastUsedAtMs ?? 0);
  }

  /** Reads one from the catalog that was not used yet, or is not in the list that was read last. */
  async read(id: string): Promise<(KnownToken & Pick<StoredToken, "hash">) | undefined> {
    const revision = this.#revision;
    const record = await this.#catalog.tokens.get(id);
    if (revision !== this.#revision) return this.read(id);
    if (record === undefined || record.revokedAtMs !== null) return undefined;
    const known = Object.assign(this.#tokens.get(id) ?? newlyKnown(record), { hash: record.hash });
    this.#tokens.set(id, known);
    this.#ofHives = undefined;
    return known;
  }

  forget(id: string): void {
    this.#revision += 1;
    this.#tokens.delete(id);
    this.#ofHives = undefined;
  }

  /** Reads them anew, and resolves to all that there are: from then on those that were added count, and those that were revoked do not. */
  async refresh(): Promise<readonly TokenRecord[]> {
    const revision = this.#revision;
    // Before they are read: a change in between shows as another version the next time.
    const version = await this.#catalog.tokens.version();
    const records = await this.#catalog.tokens.list();
    if (revision !== this.#revision) return this.refresh();
    const inForce = records.filter(({ revokedAtMs }) => revokedAtMs === null);
    this.#revision += 1;
    this.#tokens = new Map(inForce.map((record) => [record.id, this.#tokens.get(record.id) ?? newlyKnown(record)]));
    this.#ofHives = undefined;
    this.#version = version;
    return records;
  }

  async haveChanged(): Promise<boolean> {
    return (await this.#catalog.tokens.version()) !== this.#version;
  }

  /** Writes down which were used, and when: what cannot be written now is tried the next time. */
  async writeUses(): Promise<void> {
    const used = [...this.#tokens.values()].flatMap((known) => {
      const { usedAtMs, writtenUseMs } = known;
      return usedAtMs === null || usedAtMs === writtenUseMs ? [] : [{ known, usedAtMs }];
    });
    if (used.length === 0) return;
    await this.#catalog.tokens.used(
      new Map(used.map(({ known, usedAtMs }) => [known.caller.tokenId, Math.round(usedAtMs)])),
    );
    for (const { known, usedAtMs } of used) known.writtenUseMs = usedAtMs;
  }

  #ofHive(hiveId: string): readonly KnownToken[] {
    this.#ofHives ??= byHive(this.#tokens.values());
    return this.#ofHives.get(hiveId) ?? [];
  }
}

export const hasExpired = ({ expiresAtMs }: Pick<KnownToken, "expiresAtMs">, nowMs: number): boolean =>
  expiresAtMs !== null && nowMs >= expiresAtMs;

const newlyKnown = ({ id, role, hiveId, expiresAtMs, lastUsedAtMs }: TokenRecord): KnownToken => ({
  caller: { role, hiveId, tokenId: id },
  expiresAtMs,
  usedAtMs: lastUsedAtMs,
  writtenUseMs: lastUsedAtMs,
});

function byHive(tokens: Iterable<KnownToken>): ReadonlyMap<string, readonly KnownToken[]> {
  const ofHives = new Map<string, KnownToken[]>();
  for (const token of tokens) {
    const { hiveId } = token.caller;
    if (hiveId === null) continue;
    const known = ofHives.get(hiveId);
    if (known === undefined) ofHives.set(hiveId, [token]);
    else known.push(token);
  }
  return ofHives;
}
