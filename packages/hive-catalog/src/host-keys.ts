import { and, asc, eq, gt, sql } from "drizzle-orm";
import { z } from "zod";
import { checkArgument } from "./input.ts";
import { recordFields, rule, timeMs } from "./record.ts";
import { type Access, RecordTable, rowIdOf } from "./record-table.ts";
import { hostKeys } from "./schema.ts";
import { given, Statement } from "./statement.ts";

const KEY_TYPE = rule("must be the type of a key as known_hosts has it, such as ssh-ed25519");
const PUBLIC_KEY = rule("must be the base64 of a key as known_hosts has it");

const fields = {
  host: recordFields.host.toLowerCase(),
  port: recordFields.port,
  keyType: z.string(KEY_TYPE).regex(/^[a-z0-9][a-z0-9@.-]{0,63}$/, KEY_TYPE),
  publicKey: z.base64(PUBLIC_KEY).min(4, PUBLIC_KEY).max(16_384, PUBLIC_KEY),
  pinnedAtMs: timeMs,
};

/** A host key that an operator confirmed, and when (ms since the epoch). */
export const HostKey = z.strictObject(fields);
export type HostKey = z.infer<typeof HostKey>;

/** What `pin` takes; a whole `HostKey` will do. */
export const NewHostKey = HostKey.partial({ pinnedAtMs: true });
export type NewHostKey = z.input<typeof NewHostKey>;

const Address = HostKey.pick({ host: true, port: true });
const records = new RecordTable<HostKey>({ table: hostKeys, thing: "host key", schema: HostKey });
/** Below every row id. */
const BEFORE_ALL = "-9223372036854775808";

/** The pinned SSH host keys: one of each type for a host and port. Host names are kept in lowercase, as known_hosts compares them. */
export class HostKeys {
  readonly #access: Access;
  readonly #statements: ReturnType<typeof buildStatements>;

  constructor(access: Access) {
    this.#access = access;
    this.#statements = buildStatements(access);
  }

  /** Pins a key, in place of another of the same type. Rejects with INVALID_ARGUMENT. */
  pin(key: NewHostKey): Promise<HostKey> {
    const { call, database, now } = this.#access;
    return call(async () => {
      const checked = checkArgument("host key", NewHostKey, key);
      const values = { ...checked, pinnedAtMs: checked.pinnedAtMs ?? now() };
      // What may have happened may happen again: the second time changes nothing.
      await database.retry(() => this.#statements.pin.run(values));
      return values;
    });
  }

  /** Every key of a host; rejects with CORRUPT_RECORD when another program damaged one of them, for fewer keys would pass for none. */
  find(host: string, port: number): Promise<HostKey[]> {
    return this.#access.call(async () => {
      const address = Address.safeParse({ host, port });
      if (!address.success) return [];
      return (await this.#statements.find.rows(address.data)).map((row) => records.record(row));
    });
  }

  /** All of them, in the order in which they were first pinned. */
  list(): Promise<HostKey[]> {
    return this.#access.call(() =>
      records.list(Number.MAX_SAFE_INTEGER, (last, limit) =>
        this.#statements.list.rows({ afterRowId: last ? rowIdOf(last) : BEFORE_ALL, limit }),
      ),
    );
  }

  /** Removes every key of a host. Resolves to whether there was one. */
  remove(host: string, port: number): Promise<boolean> {
    const { call, database } = this.#access;
    return call(async () => {
      const address = Address.safeParse({ host, port });
      if (!address.success) return false;
      const before = database.isRemote && (await this.#statements.find.rows(address.data)).length > 0;
      return database.retry(async (isRepeat) => {
        const removed = await this.#statements.remove.run(address.data);
        return isRepeat ? before : removed > 0;
      });
    });
  }
}

function buildStatements({ database: { client, db } }: Access) {
  const statement = (build: ConstructorParameters<typeof Statement>[1]) => new Statement(client, build);
  const ofHost = and(eq(hostKeys.host, given("host")), eq(hostKeys.port, given("port")));
  return {
    find: statement(() => db.select(records.columns).from(hostKeys).where(ofHost).orderBy(asc(hostKeys.keyType))),
    list: statement(() =>
      db
        .select(records.columns)
        .from(hostKeys)
        .where(gt(sql`rowid`, sql`CAST(${given("afterRowId")} AS INTEGER)`))
        .orderBy(asc(sql`rowid`))
        .limit(sql.placeholder("limit")),
    ),
    pin: statement(() =>
      db
        .insert(hostKeys)
        .values({
          host: given("host"),
          port: given("port"),
          keyType: given("keyType"),
          publicKey: given("publicKey"),
          pinnedAtMs: given("pinnedAtMs"),
        })
        .onConflictDoUpdate({
          target: [hostKeys.host, hostKeys.port, hostKeys.keyType],
          set: { publicKey: given("publicKey"), pinnedAtMs: given("pinnedAtMs") },
        }),
    ),
    remove: statement(() => db.delete(hostKeys).where(ofHost)),
  };
}
