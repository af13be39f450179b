import { tell } from "../calls.ts";
import type { RequestOptions, SqlClient, SqlValue } from "../drivers/client.ts";
import { checkFunction, checkInteger, invalidArgument, isKey } from "../model/check.ts";
import type { HiveRecord } from "../model/hive.ts";
import type { DamagedHive, DamagedRecord, ListOptions } from "../options.ts";
import type { DamageWarnings } from "../sql/damage-warnings.ts";
import { type Finder, type OnDamage, pages, readOne } from "../sql/reading.ts";
import { hiveExists, hiveOfId, hiveReader } from "./statements.ts";

type Parts = {
  client: SqlClient;
  /** Told of each damaged row that a list left out; a process warning by default. */
  onCorruptHive: ListOptions["onCorruptHive"];
  warnings: DamageWarnings;
};

/** Reads whole hives, and says what is wrong with those that are damaged. */
export class HiveReader {
  readonly #client: SqlClient;
  readonly #onDamage: OnDamage;

  constructor({ client, onCorruptHive, warnings }: Parts) {
    this.#client = client;
    this.#onDamage = onCorruptHive ? telling(onCorruptHive) : warnings.of(hiveReader);
  }

  /** The hive, or undefined. Throws CORRUPT_HIVE. */
  async get(id: string, request?: RequestOptions): Promise<HiveRecord | undefined> {
    return isKey(id) ? readOne(this.#client, hiveOfId, { id }, request) : undefined;
  }

  /** The columns of a stored hive that are sound, damaged as others may be. */
  async soundValues(id: string, request: RequestOptions): Promise<Readonly<Record<string, unknown>> | undefined> {
    const row = await this.#client.first(hiveOfId.query({ id }), request);
    return row && hiveReader.found(row)[0]?.values;
  }

  async exists(id: string, request: RequestOptions): Promise<boolean> {
    return isKey(id) && (await this.#client.first(hiveExists({ id }), request)) !== undefined;
  }

  /** The sound hives that a finder finds, in batches; each damaged one is told. Throws INVALID_ARGUMENT. */
  pages<V extends Record<string, SqlValue>>(
    finder: Finder<HiveRecord, V>,
    values: V,
    { limit, after, onCorruptHive }: ListOptions,
    { signals, pageSize, afterMs }: Pick<RequestOptions, "signals"> & { pageSize?: number; afterMs?: number },
  ): AsyncGenerator<HiveRecord[]> {
    if (limit !== undefined) checkInteger("limit", limit, 1);
    if (after !== undefined && !isKey(after)) throw invalidArgument("after", "must be the id of a hive");
    checkFunction("onCorruptHive", onCorruptHive);
    const place = after === undefined ? undefined : { afterId: after, ...(afterMs !== undefined && { afterMs }) };
    const onDamage = onCorruptHive ? telling(onCorruptHive) : this.#onDamage;
    return pages(this.#client, finder, values, { limit, after: place, pageSize, onDamage, signals });
  }
}

function telling(onCorruptHive: (damaged: DamagedHive) => unknown) {
  return (damage: readonly DamagedRecord[]): void => {
    for (const { id, column, problem } of damage) tell(onCorruptHive, { id, column, problem });
  };
}
