import { isDeepStrictEqual } from "node:util";
import { and, type Column, eq, lt, or, type SQL, sql } from "drizzle-orm";
import type { CallClient } from "../drivers/client.ts";
import { hiveNotFound } from "../errors.ts";
import { inBatches, turnOfTheLoop } from "../event-loop.ts";
import { checkArgument, checkBoolean, checkInteger, invalidArgument } from "../model/check.ts";
import { MAX_TIME_MS, newRecord } from "../model/fields.ts";
import { isRecordId } from "../model/texts.ts";
import { NewToken, type StoredToken, type TokenRecord, tokenFields } from "../model/token.ts";
import type { CallOptions, RevokeOptions } from "../options.ts";
import { sessions, tokens } from "../schema.ts";
import { finder, oldestFirst, one, readOne } from "../sql/reading.ts";
import { renewIfChanged, versionOf } from "../sql/revisions.ts";
import { RowReader } from "../sql/rows.ts";
import { build, countIn, fieldsOf, type Given, statement } from "../sql/statement.ts";
import { hasHive } from "../traits/presence.ts";
import { Verbs } from "./verbs.ts";

type Id = { id: string };
type Now = { nowMs: number };

/** Tokens that one transaction removes. */
const MAX_REMOVED = 1000;
/** Tokens whose last use one statement stores: those of a large fleet are all used within a minute. */
const MAX_USES = 250;

export const tokenReader = new RowReader<StoredToken>({ table: tokens, fields: tokenFields, thing: "token" });

const ofId = ({ id }: Given<Id>): SQL => eq(tokens.id, id);
const isInForce = sql`typeof(${tokens.revokedAtMs}) <> 'integer'`;

const tokenOfId = one<StoredToken, Id>(tokenReader, ofId);
const allTokens = finder<StoredToken, object>(tokenReader, oldestFirst);
const count = statement(() => build.select({ count: sql`count(*)` }).from(tokens).where(isInForce));
const version = versionOf(tokens, sql`SELECT count(*) FROM ${tokens} WHERE ${tokens.revokedAtMs} IS NOT NULL`);
const renew = renewIfChanged(tokens);

/** A hive's token only for a hive that is there, in the same statement. The primary key decides races between two adds of one id. */
const add = statement<StoredToken>((given) => {
  const values = sql.join(Object.values(fieldsOf(tokenFields, given)), sql`, `);
  return build
    .insert(tokens)
    .select(sql`SELECT ${values} WHERE ${given.hiveId} IS NULL OR ${hasHive(given.hiveId)}`)
    .onConflictDoNothing({ target: tokens.id });
});
/** With `unlessLast` 1, not an operator's where no other one lasts: one that will expire lets nobody in for good. */
const revoke = statement<Id & Now & { unlessLast: number }>((given) => {
  const other = sql`other.role = 'operator' AND typeof(other.revoked_at_ms) <> 'integer' AND other.expires_at_ms IS NULL`;
  const isOther = sql`EXISTS (SELECT 1 FROM ${tokens} AS other WHERE other.id <> ${given.id} AND ${other})`;
  return build
    .update(tokens)
    .set({ revokedAtMs: given.nowMs })
    .where(
      and(
        ofId(given),
        isInForce,
        sql`(NOT ${given.unlessLast} OR ${tokens.role} <> 'operator' OR ${tokens.expiresAtMs} <= ${given.nowMs} OR ${isOther})`,
      ),
    );
});
const endSessions = statement<Id>(({ id }) => {
  const revoked = sql`(SELECT ${tokens.id} FROM ${tokens} WHERE ${eq(tokens.id, id)} AND ${tokens.revokedAtMs} IS NOT NULL)`;
  return build.delete(sessions).where(sql`${sessions.tokenId} = ${revoked}`);
});
/** One JSON object, from ids to times. Queens that share the catalog each tell of their own callers. */
const storeUses = statement<{ uses: string }>(({ uses }) =>
  build
    .update(tokens)
    .set({ lastUsedAtMs: sql`used.value` })
    .from(sql`json_each(${uses}) AS used`)
    .where(sql`${tokens.id} = used.key AND ifnull(${tokens.lastUsedAtMs} < used.value, true)`),
);
const removeEnded = statement<{ beforeMs: number }>(({ beforeMs }) => {
  const isBefore = (column: Column) => and(lt(column, beforeMs), sql`typeof(${column}) = 'integer'`);
  const old = build
    .select({ id: tokens.id })
    .from(tokens)
    .where(or(isBefore(tokens.revokedAtMs), isBefore(tokens.expiresAtMs)))
    .limit(MAX_REMOVED);
  return build.delete(tokens).where(sql`${tokens.id} IN ${old}`);
});

/** The tokens of the queen's callers, by their hashes. Removing a hive removes its tokens. */
export class Tokens extends Verbs {
  /** Rejects with HIVE_NOT_FOUND, or with INVALID_ARGUMENT, also when the id is taken. */
  add(token: NewToken, options?: CallOptions): Promise<TokenRecord> {
    return this.run(async (client) => {
      const checked = checkArgument("token", NewToken, token);
      const added = newRecord(tokenFields, checked, { createdAtMs: this.now() });
      const { hiveId, revokedAtMs, lastUsedAtMs } = added;
      const [inserted] = await client.batch([add(added), renew({})], { isRepeatable: true });
      if (inserted === undefined || inserted.rowsAffected > 0) return withoutHash(added);
      const stored = await readOne(client, tokenOfId, { id: added.id });
      if (stored === undefined) throw hiveNotFound(String(hiveId));
      // Somebody may have revoked or used it since.
      const isOwn = isDeepStrictEqual({ ...stored, revokedAtMs, lastUsedAtMs }, added);
      if (inserted.isRepeat && isOwn) return withoutHash(added);
      throw invalidArgument("id", `must be one that is not taken: there is a token '${added.id}' already`);
    }, options);
  }

  /** Revoked ones too. Rejects with CORRUPT_RECORD when another program damaged it. */
  get(id: string, options?: CallOptions): Promise<StoredToken | undefined> {
    return this.run((client) => (isRecordId(id) ? readOne(client, tokenOfId, { id }) : undefined), options);
  }

  /** All of them, in the order in which they were added, revoked ones too. */
  async list(options?: CallOptions): Promise<TokenRecord[]> {
    return (await this.listed(allTokens, options)).map(withoutHash);
  }

  /** A text that changes whenever a token is added, revoked or removed: cheaper than `list` for whoever keeps a copy. */
  version(options?: CallOptions): Promise<string> {
    return this.run(async (client) => String((await client.first(version({})))?.[0]), options);
  }

  /** Ends its sessions, too. Resolves to whether it was in force, and to false where it is the last of an operator and `unlessLastOperator` is asked for. */
  revoke(id: string, options: RevokeOptions = {}): Promise<boolean> {
    const work = async (client: CallClient) => {
      checkBoolean("unlessLastOperator", options.unlessLastOperator);
      if (!isRecordId(id)) return false;
      const nowMs = this.now();
      const change = revoke({ id, nowMs, unlessLast: options.unlessLastOperator ? 1 : 0 });
      const [revoked] = await client.batch([change, renew({}), endSessions({ id })], { isRepeatable: true });
      if (revoked === undefined || revoked.rowsAffected > 0) return true;
      return revoked.isRepeat === true && (await readOne(client, tokenOfId, { id }))?.revokedAtMs === nowMs;
    };
    return this.run(work, options, ["unlessLastOperator", "signal"]);
  }

  /** Writes down when tokens were last used; an older time than the stored one changes nothing, and neither does one of a token that is not there. */
  used(usedAtMs: ReadonlyMap<string, number>, options?: CallOptions): Promise<void> {
    return this.run(async (client) => {
      if (!(usedAtMs instanceof Map)) throw invalidArgument("usedAtMs", "must be a Map from ids of tokens to times");
      const uses = [...usedAtMs];
      for (const [, atMs] of uses) checkInteger("usedAtMs", atMs, 0, MAX_TIME_MS);
      for await (const some of inBatches(uses, MAX_USES)) {
        await client.execute(storeUses({ uses: JSON.stringify(Object.fromEntries(some)) }), { isRepeatable: true });
      }
    }, options);
  }

  /** Removes the tokens that were revoked, or expired, longer than `maxAgeMs` ago: their use can then not be told from a wrong token's any more. Resolves to how many. */
  async removeEnded(maxAgeMs: number, options?: CallOptions): Promise<number> {
    return this.run(async (client) => {
      checkInteger("maxAgeMs", maxAgeMs, 0);
      const beforeMs = this.now() - maxAgeMs;
      for (let removed = 0; ; ) {
        const [result] = await client.batch([removeEnded({ beforeMs }), renew({})]);
        const { rowsAffected = 0 } = result ?? {};
        removed += rowsAffected;
        if (rowsAffected < MAX_REMOVED) return removed;
        await turnOfTheLoop();
      }
    }, options);
  }

  /** How many are in force. A damaged one counts unless it is surely revoked: damage must not open what stands open while there is none. */
  count(options?: CallOptions): Promise<number> {
    return this.run(async (client) => countIn(await client.first(count({}))), options);
  }
}

function withoutHash({ hash: _, ...token }: StoredToken): TokenRecord {
  return token;
}
