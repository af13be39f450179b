import { and, eq, type SQL } from "drizzle-orm";
import { checkArgument } from "../model/check.ts";
import { newRecord } from "../model/fields.ts";
import { HostKey, hostKeyFields, NewHostKey } from "../model/host-key.ts";
import type { CallOptions } from "../options.ts";
import { hostKeys } from "../schema.ts";
import { finder, oldestFirst, rowsWhere } from "../sql/reading.ts";
import { RowReader } from "../sql/rows.ts";
import { build, fieldsOf, type Given, statement } from "../sql/statement.ts";
import { Verbs } from "./verbs.ts";

const Address = HostKey.pick({ host: true, port: true });
type Address = { host: string; port: number };

export const hostKeyReader = new RowReader<HostKey>({ table: hostKeys, fields: hostKeyFields, thing: "host key" });

const ofHost = ({ host, port }: Given<Address>): SQL => and(eq(hostKeys.host, host), eq(hostKeys.port, port)) as SQL;
const keysOfHost = rowsWhere(hostKeyReader, ofHost);
const allKeys = finder<HostKey, object>(hostKeyReader, oldestFirst);

const pin = statement<HostKey>((key) =>
  build
    .insert(hostKeys)
    .values(fieldsOf(hostKeyFields, key))
    .onConflictDoUpdate({
      target: [hostKeys.host, hostKeys.port, hostKeys.keyType],
      set: { publicKey: key.publicKey, pinnedAtMs: key.pinnedAtMs },
    }),
);
const remove = statement<Address>((given) => build.delete(hostKeys).where(ofHost(given)));

/** The pinned SSH host keys: one of each type for a host and port. */
export class HostKeys extends Verbs {
  /** Pins a key, in place of another one of the same type. Rejects with INVALID_ARGUMENT. */
  pin(key: NewHostKey, options?: CallOptions): Promise<HostKey> {
    return this.run(async (client) => {
      const checked = checkArgument("host key", NewHostKey, key);
      const pinned = newRecord(hostKeyFields, checked, { pinnedAtMs: this.now() });
      await client.execute(pin(pinned));
      return pinned;
    }, options);
  }

  /**
   * Every key of a host, by type. Rejects with CORRUPT_RECORD when another program damaged one: a host whose key is damaged must not pass for
   * one that has none.
   */
  find(host: string, port: number, options?: CallOptions): Promise<HostKey[]> {
    return this.run(async (client) => {
      const address = Address.safeParse({ host, port });
      if (!address.success) return [];
      const keys = hostKeyReader.records(await client.first(keysOfHost(address.data)));
      return keys.sort((a, b) => (a.keyType < b.keyType ? -1 : 1));
    }, options);
  }

  /** All of them, in the order in which they were first pinned. */
  list(options?: CallOptions): Promise<HostKey[]> {
    return this.listed(allKeys, options);
  }

  /** Removes every key of a host. Resolves to whether there was one. */
  remove(host: string, port: number, options?: CallOptions): Promise<boolean> {
    return this.run(async (client) => {
      const address = Address.safeParse({ host, port });
      return address.success && (await client.execute(remove(address.data))).rowsAffected > 0;
    }, options);
  }
}
