import { eq, lte, type SQL, sql } from "drizzle-orm";
import { checkArgument } from "../model/check.ts";
import { NewSession, type SessionRecord, sessionFields } from "../model/session.ts";
import { isRecordId } from "../model/texts.ts";
import type { CallOptions } from "../options.ts";
import { sessions, tokens } from "../schema.ts";
import { finder, oldestFirst, one, readOne } from "../sql/reading.ts";
import { renewIfChanged, renewRevision, versionOf } from "../sql/revisions.ts";
import { RowReader } from "../sql/rows.ts";
import { build, type Given, statement } from "../sql/statement.ts";
import { Verbs } from "./verbs.ts";

/** Sessions of one token, and of all: one more ends the one that would end first. */
export const MAX_SESSIONS_OF_TOKEN = 16;
export const MAX_SESSIONS = 4096;

type Key = { cookieHash: string };
type OfToken = { tokenId: string };

export const sessionReader = new RowReader<SessionRecord>({ table: sessions, fields: sessionFields, thing: "session" });

const ofKey = ({ cookieHash }: Given<Key>): SQL => eq(sessions.cookieHash, cookieHash);
const sessionOfKey = one<SessionRecord, Key>(sessionReader, ofKey);
const allSessions = finder<SessionRecord, object>(sessionReader, oldestFirst);
const version = versionOf(sessions);
/** Only for a token that is there and not revoked, in the same statement. */
const insert = statement<SessionRecord>(({ cookieHash, keyHash, tokenId, createdAtMs, expiresAtMs }) =>
  build
    .insert(sessions)
    .select(
      sql`SELECT ${cookieHash}, ${keyHash}, ${tokens.id}, ${createdAtMs}, ${expiresAtMs} FROM ${tokens}
        WHERE ${eq(tokens.id, tokenId)} AND typeof(${tokens.revokedAtMs}) <> 'integer'`,
    )
    .onConflictDoNothing({ target: sessions.cookieHash }),
);
const removeExpired = statement<{ nowMs: number }>(({ nowMs }) =>
  build.delete(sessions).where(lte(sessions.expiresAtMs, nowMs)),
);
const removeFirstOfToken = statement<OfToken>(({ tokenId }) =>
  removeAllBut(MAX_SESSIONS_OF_TOKEN, eq(sessions.tokenId, tokenId)),
);
const removeFirst = statement(() => removeAllBut(MAX_SESSIONS));
const remove = statement<Key>((given) => build.delete(sessions).where(ofKey(given)));
const renew = statement(() => renewRevision(sessions, sql`true`));
const renewIfRemoved = renewIfChanged(sessions);

/** Those of them that end first, but so many. */
function removeAllBut(kept: number, which: SQL = sql`true`) {
  const place = sql`(${sessions.expiresAtMs}, rowid)`;
  const firstToGo = sql`SELECT expires_at_ms, rowid FROM ${sessions} WHERE ${which} ORDER BY expires_at_ms DESC, rowid DESC LIMIT 1 OFFSET ${sql.raw(String(kept))}`;
  return build
    .delete(sessions)
    .where(sql`${which} AND ${place} <= (${firstToGo})`)
    .returning({ cookieHash: sessions.cookieHash });
}

/** A session that has begun, and the hashes of the cookies of those that ended for it. */
interface Begun {
  readonly session: SessionRecord;
  readonly ended: readonly string[];
}

/** Who logged in with a token, by the hashes of what they show. Revoking a token ends its sessions, and so does removing its hive. */
export class Sessions extends Verbs {
  /**
   * Resolves to undefined where the token is not there or revoked. Ends those that have expired, and where there are more than 16 of the token
   * or 4,096 in all, those that would end first, which are told as far as the answer came. Rejects with INVALID_ARGUMENT.
   */
  add(session: NewSession, options?: CallOptions): Promise<Begun | undefined> {
    return this.run(async (client) => {
      const nowMs = this.now();
      const added = { ...checkArgument("session", NewSession, session), createdAtMs: nowMs };
      const { tokenId, cookieHash } = added;
      const statements = [removeExpired({ nowMs }), insert(added), removeFirstOfToken({ tokenId }), removeFirst({})];
      const [, inserted, ...removed] = await client.batch([...statements, renew({})], { isRepeatable: true });
      const ended = removed.flatMap(({ rows }) => rows.map(([hash]) => String(hash)));
      if (inserted === undefined || inserted.rowsAffected > 0) return { session: added, ended };
      const stored = inserted.isRepeat ? await readOne(client, sessionOfKey, { cookieHash }) : undefined;
      return stored && { session: stored, ended };
    }, options);
  }

  /** One that has expired too, until it is removed. Rejects with CORRUPT_RECORD when another program damaged it. */
  get(cookieHash: string, options?: CallOptions): Promise<SessionRecord | undefined> {
    return this.run(
      (client) => (isRecordId(cookieHash) ? readOne(client, sessionOfKey, { cookieHash }) : undefined),
      options,
    );
  }

  /** In the order in which they began. */
  list(options?: CallOptions): Promise<SessionRecord[]> {
    return this.listed(allSessions, options);
  }

  /** A text that changes whenever one begins or ends: cheaper than `list` for whoever keeps a copy. */
  version(options?: CallOptions): Promise<string> {
    return this.run(async (client) => String((await client.first(version({})))?.[0]), options);
  }

  /** Ends one. */
  remove(cookieHash: string, options?: CallOptions): Promise<void> {
    return this.run(async (client) => {
      if (!isRecordId(cookieHash)) return;
      await client.batch([remove({ cookieHash }), renewIfRemoved({})], { isRepeatable: true });
    }, options);
  }
}
