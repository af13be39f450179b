import { and, asc, eq, gt, sql } from "drizzle-orm";
import { z } from "zod";
import { hiveNotFound } from "./errors.ts";
import { choice, line, recordId } from "./fields.ts";
import { checkArgument, invalidArgument } from "./input.ts";
import { recordFields, rule, timeMs } from "./record.ts";
import { type Access, RecordTable, rowIdOf } from "./record-table.ts";
import { hives, tokens } from "./schema.ts";
import { given, Statement } from "./statement.ts";

/** What a token's bearer may do: everything, read, or beat for the one hive that it belongs to. */
export const TOKEN_ROLES = ["operator", "reader", "hive"] as const;

const HASH = rule("must be a SHA-256 of 64 lowercase hexadecimal digits");
const hash = z.string(HASH).regex(/^[0-9a-f]{64}$/, HASH);

/** A token, without what could be used in its place. */
export const TokenRecord = z.strictObject({
  id: recordId,
  name: line(100),
  role: choice(TOKEN_ROLES),
  hiveId: recordFields.id.nullable(),
  createdAtMs: timeMs,
  revokedAtMs: timeMs.nullable(),
});
export type TokenRecord = z.infer<typeof TokenRecord>;
export type StoredToken = TokenRecord & { readonly hash: string };

/** A hive's token belongs to a hive, the others to none. */
function checkOwner({ value, issues }: z.core.ParsePayload<{ role: string; hiveId?: string | null | undefined }>) {
  const input = value.hiveId ?? null;
  if ((value.role === "hive") === (input !== null)) return;
  const message = input === null ? "is required for a token of the role hive" : "is only for a token of the role hive";
  issues.push({ code: "custom", input, path: ["hiveId"], message });
}

const { id, name, role, hiveId } = TokenRecord.shape;
/** What `add` takes. */
export const NewToken = z
  .strictObject({ id, name, role, hiveId: hiveId.optional(), hash, createdAtMs: timeMs.optional() })
  .check(checkOwner);
export type NewToken = z.input<typeof NewToken>;

const records = new RecordTable<StoredToken>({
  table: tokens,
  thing: "token",
  schema: TokenRecord.extend({ hash }).check(checkOwner),
});
/** Below every row id. */
const BEFORE_ALL = "-9223372036854775808";

/** The tokens of the queen's callers, by their hashes. Removing a hive removes its tokens. */
export class Tokens {
  readonly #access: Access;
  readonly #statements: ReturnType<typeof buildStatements>;

  constructor(access: Access) {
    this.#access = access;
    this.#statements = buildStatements(access);
  }

  /** Rejects with HIVE_NOT_FOUND, or with INVALID_ARGUMENT, also when the id is taken. */
  add(token: NewToken): Promise<TokenRecord> {
    const { call, database, now } = this.#access;
    return call(async () => {
      const { hiveId = null, createdAtMs = now(), ...rest } = checkArgument("token", NewToken, token);
      const values = { ...rest, hiveId, createdAtMs };
      const added = await database.retry(async (isRepeat) => {
        if ((await this.#statements.add.run(values)) > 0) return true;
        const [row] = await this.#statements.get.rows({ id: rest.id });
        if (row === undefined) throw hiveNotFound(String(hiveId));
        if (!isRepeat) return false;
        const stored = records.record(row);
        return stored.hash === rest.hash && stored.createdAtMs === createdAtMs;
      });
      if (!added) throw invalidArgument("id", `must be one that is not taken: there is a token '${rest.id}' already`);
      return withoutHash({ ...values, revokedAtMs: null });
    });
  }

  /** Revoked ones too. Rejects with CORRUPT_RECORD when another program damaged it. */
  get(id: string): Promise<StoredToken | undefined> {
    return this.#access.call(async () => {
      if (!recordId.safeParse(id).success) return undefined;
      const row = await this.#statements.get.row({ id });
      return row && records.record(row);
    });
  }

  /** All of them, in the order in which they were added, revoked ones too. */
  list(): Promise<TokenRecord[]> {
    return this.#access.call(async () => {
      const found = await records.list(Number.MAX_SAFE_INTEGER, (last, limit) =>
        this.#statements.list.rows({ afterRowId: last ? rowIdOf(last) : BEFORE_ALL, limit }),
      );
      return found.map(withoutHash);
    });
  }

  /** Resolves to whether it was in force. */
  revoke(id: string): Promise<boolean> {
    const { call, database, now } = this.#access;
    return call(async () => {
      if (!recordId.safeParse(id).success) return false;
      const values = { id, nowMs: now() };
      return database.retry(async (isRepeat) => {
        if ((await this.#statements.revoke.run(values)) > 0) return true;
        return isRepeat && (await this.#statements.revokedAt.rows(values)).length > 0;
      });
    });
  }

  /** How many are in force. A damaged one counts, unless it is surely revoked: damage must never open a door that only stands open while there is none. */
  count(): Promise<number> {
    return this.#access.call(async () => Number((await this.#statements.count.rows())[0]?.[0]));
  }
}

function withoutHash({ hash: _, ...token }: StoredToken): TokenRecord {
  return token;
}

function buildStatements({ database: { client, db } }: Access) {
  const statement = (build: ConstructorParameters<typeof Statement>[1]) => new Statement(client, build);
  const ofId = eq(tokens.id, given("id"));
  const isInForce = sql`typeof(${tokens.revokedAtMs}) <> 'integer'`;
  return {
    get: statement(() => db.select(records.columns).from(tokens).where(ofId)),
    list: statement(() =>
      db
        .select(records.columns)
        .from(tokens)
        .where(gt(sql`rowid`, sql`CAST(${given("afterRowId")} AS INTEGER)`))
        .orderBy(asc(sql`rowid`))
        .limit(sql.placeholder("limit")),
    ),
    count: statement(() => db.select({ count: sql`count(*)` }).from(tokens).where(isInForce)),
    /** A hive's token only for a hive that is there, in the same statement. The primary key decides races between two adds of one id. */
    add: statement(() =>
      db
        .insert(tokens)
        .select(
          sql`SELECT ${given("id")}, ${given("name")}, ${given("role")}, ${given("hiveId")}, ${given("hash")}, ${given("createdAtMs")}, NULL
            WHERE ${given("hiveId")} IS NULL OR EXISTS (SELECT 1 FROM ${hives} WHERE ${eq(hives.id, given("hiveId"))})`,
        )
        .onConflictDoNothing(),
    ),
    revoke: statement(() =>
      db
        .update(tokens)
        .set({ revokedAtMs: given("nowMs") })
        .where(and(ofId, isInForce)),
    ),
    revokedAt: statement(() =>
      db
        .select({ found: sql`1` })
        .from(tokens)
        .where(and(ofId, eq(tokens.revokedAtMs, given("nowMs")))),
    ),
  };
}
