import { and, eq, sql } from "drizzle-orm";
import { hiveNotFound } from "../errors.ts";
import { checkArgument, invalidArgument } from "../model/check.ts";
import { isRecordId, NewToken, StoredToken, type TokenRecord } from "../model/records.ts";
import { hives, tokens } from "../schema.ts";
import type { Database } from "../sql/open.ts";
import { given, statementsOn } from "../sql/statement.ts";
import { type Access, oldestFirst, RecordTable } from "./record-table.ts";

export const tokenTable = new RecordTable({ table: tokens, thing: "token", schema: StoredToken });

/** The tokens of the queen's callers, by their hashes. Removing a hive removes its tokens. */
export class Tokens {
  readonly #database: Access["database"];
  readonly #now: Access["now"];
  readonly #statements: ReturnType<typeof buildStatements>;

  constructor({ database, now }: Access) {
    this.#database = database;
    this.#now = now;
    this.#statements = buildStatements(database);
  }

  /** Rejects with HIVE_NOT_FOUND, or with INVALID_ARGUMENT, also when the id is taken. */
  async add(token: NewToken): Promise<TokenRecord> {
    const checked = checkArgument("token", NewToken, token);
    const { hiveId = null, createdAtMs = this.#now(), revokedAtMs = null } = checked;
    const added: StoredToken = { ...checked, hiveId, createdAtMs, revokedAtMs };
    await this.#database.retry(async (isRepeat) => {
      if ((await this.#statements.add.run(added)) > 0) return;
      const [row] = await this.#statements.get.rows({ id: added.id });
      if (row === undefined) throw hiveNotFound(String(hiveId));
      const stored = isRepeat ? tokenTable.record(row) : undefined;
      if (stored?.hash === added.hash && stored.createdAtMs === createdAtMs) return;
      throw invalidArgument("id", `must be one that is not taken: there is a token '${added.id}' already`);
    });
    return withoutHash(added);
  }

  /** Revoked ones too. Rejects with CORRUPT_RECORD when another program damaged it. */
  async get(id: string): Promise<StoredToken | undefined> {
    if (!isRecordId(id)) return undefined;
    const row = await this.#statements.get.row({ id });
    return row && tokenTable.record(row);
  }

  /** All of them, in the order in which they were added, revoked ones too. */
  async list(): Promise<TokenRecord[]> {
    return (await tokenTable.listPages(this.#statements.page, oldestFirst.start)).map(withoutHash);
  }

  /** A text that changes whenever a token is added, revoked or removed: cheaper than `list` for whoever keeps a copy. */
  async version(): Promise<string> {
    const [row] = await this.#statements.version.rows();
    return String(row?.[0]);
  }

  /** Resolves to whether it was in force. */
  async revoke(id: string): Promise<boolean> {
    if (!isRecordId(id)) return false;
    const values = { id, nowMs: this.#now() };
    return this.#database.retry(async (isRepeat) => {
      if ((await this.#statements.revoke.run(values)) > 0) return true;
      return isRepeat && (await this.#statements.revokedThen.rows(values)).length > 0;
    });
  }

  /** How many are in force. A damaged one counts unless it is surely revoked: damage must not open what stands open while there is none. */
  count(): Promise<number> {
    return this.#statements.count.count();
  }
}

function withoutHash({ hash: _, ...token }: StoredToken): TokenRecord {
  return token;
}

function buildStatements({ client, db }: Database) {
  const statement = statementsOn(client);
  const ofId = eq(tokens.id, given("id"));
  const isInForce = sql`typeof(${tokens.revokedAtMs}) <> 'integer'`;
  return {
    get: statement(() => db.select(tokenTable.columns).from(tokens).where(ofId)),
    page: statement(() => tokenTable.page(oldestFirst)),
    count: statement(() => db.select({ count: sql`count(*)` }).from(tokens).where(isInForce)),
    /** Digits alone, whatever a damaged row holds: a remainder makes a number of it, and so small that no sum of them overflows. */
    version: statement(() =>
      db
        .select({
          version: sql`concat_ws(' ', count(*), max(rowid), sum(${tokens.createdAtMs} % 999999937), count(${tokens.revokedAtMs}), sum(${tokens.revokedAtMs} % 999999937))`,
        })
        .from(tokens),
    ),
    /** A hive's token only for a hive that is there, in the same statement. The primary key decides races between two adds of one id. */
    add: statement(() =>
      db
        .insert(tokens)
        .select(
          sql`SELECT ${given("id")}, ${given("name")}, ${given("role")}, ${given("hiveId")}, ${given("hash")}, ${given("createdAtMs")}, ${given("revokedAtMs")}
            WHERE ${given("hiveId")} IS NULL OR EXISTS (SELECT 1 FROM ${hives} WHERE ${eq(hives.id, given("hiveId"))})`,
        )
        .onConflictDoNothing({ target: tokens.id }),
    ),
    revoke: statement(() =>
      db
        .update(tokens)
        .set({ revokedAtMs: given("nowMs") })
        .where(and(ofId, isInForce)),
    ),
    revokedThen: statement(() =>
      db
        .select({ found: sql`1` })
        .from(tokens)
        .where(and(ofId, eq(tokens.revokedAtMs, given("nowMs")))),
    ),
  };
}
