import { and, asc, eq } from "drizzle-orm";
import { checkArgument } from "../model/check.ts";
import { HostKey, NewHostKey } from "../model/records.ts";
import { hostKeys } from "../schema.ts";
import type { Database } from "../sql/open.ts";
import { given, statementsOn } from "../sql/statement.ts";
import { type Access, oldestFirst, RecordTable } from "./record-table.ts";

const Address = HostKey.pick({ host: true, port: true });

export const hostKeyTable = new RecordTable({ table: hostKeys, thing: "host key", schema: HostKey });

/** The pinned SSH host keys: one of each type for a host and port. */
export class HostKeys {
  readonly #database: Access["database"];
  readonly #now: Access["now"];
  readonly #statements: ReturnType<typeof buildStatements>;

  constructor({ database, now }: Access) {
    this.#database = database;
    this.#now = now;
    this.#statements = buildStatements(database);
  }

  /** Pins a key, in place of another one of the same type. Rejects with INVALID_ARGUMENT. */
  async pin(key: NewHostKey): Promise<HostKey> {
    const checked = checkArgument("host key", NewHostKey, key);
    const pinned = { ...checked, pinnedAtMs: checked.pinnedAtMs ?? this.#now() };
    // What may have happened may happen again: the second time changes nothing.
    await this.#database.retry(() => this.#statements.pin.run(pinned));
    return pinned;
  }

  /** Every key of a host. Rejects with CORRUPT_RECORD when another program damaged one: a host whose key is damaged must not pass for one that has none. */
  async find(host: string, port: number): Promise<HostKey[]> {
    const address = Address.safeParse({ host, port });
    if (!address.success) return [];
    return (await this.#statements.find.rows(address.data)).map((row) => hostKeyTable.record(row));
  }

  /** All of them, in the order in which they were first pinned. */
  async list(): Promise<HostKey[]> {
    return hostKeyTable.listPages(this.#statements.page, oldestFirst.start);
  }

  /** Removes every key of a host. Resolves to whether there was one. */
  async remove(host: string, port: number): Promise<boolean> {
    const address = Address.safeParse({ host, port });
    if (!address.success) return false;
    // Where an answer can be lost, what was there has to be known before.
    const before = this.#database.isRemote && (await this.#statements.find.rows(address.data)).length > 0;
    return this.#database.retry(async (isRepeat) => {
      const removed = await this.#statements.remove.run(address.data);
      return isRepeat ? before : removed > 0;
    });
  }
}

function buildStatements({ client, db }: Database) {
  const statement = statementsOn(client);
  const ofHost = and(eq(hostKeys.host, given("host")), eq(hostKeys.port, given("port")));
  return {
    find: statement(() => db.select(hostKeyTable.columns).from(hostKeys).where(ofHost).orderBy(asc(hostKeys.keyType))),
    page: statement(() => hostKeyTable.page(oldestFirst)),
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
