import type { Client, InValue, Row } from "@libsql/client";
import { Placeholder, type Query, sql } from "drizzle-orm";
import { EmbeddedClient } from "../drivers/file/client.ts";
import { HiveCatalogError } from "../errors.ts";

type Values = Record<string, unknown>;

/** A value that is named when a statement is built, and given when it runs. */
export const given = (name: string) => sql`${sql.placeholder(name)}`;

/** A statement that drizzle built, run straight on the client: drizzle's own prepared queries cost more a call (docs/performance.md). */
export class Statement {
  readonly #client: Client;
  readonly #build: () => { toSQL(): Query };
  #built: Query | undefined;

  /** `build` is called at the first use: building them all would take longer than opening the catalog. */
  constructor(client: Client, build: () => { toSQL(): Query }) {
    this.#client = client;
    this.#build = build;
  }

  /** Runs a query that finds one row at most. */
  row(values: Values): Row | undefined | Promise<Row | undefined> {
    const statement = this.bound(values);
    if (this.#client instanceof EmbeddedClient) return this.#client.first(statement.sql, statement.args);
    return this.#client.execute(statement).then(({ rows: [row] }) => row);
  }

  /** Runs a query, or a change with RETURNING. */
  async rows(values: Values = {}): Promise<Row[]> {
    return (await this.#client.execute(this.bound(values))).rows;
  }

  /** Runs a query that counts. */
  async count(values: Values = {}): Promise<number> {
    return countIn((await this.rows(values))[0]);
  }

  /** Runs a change without RETURNING, and resolves to the number of rows that it changed. */
  async run(values: Values): Promise<number> {
    return (await this.#client.execute(this.bound(values))).rowsAffected;
  }

  /** The statement with its values, for a batch. */
  bound(values: Values): { sql: string; args: InValue[] } {
    this.#built ??= this.#build().toSQL();
    const { sql: text, params } = this.#built;
    return {
      sql: text,
      args: params.map((param) => (param instanceof Placeholder ? values[param.name] : param)) as InValue[],
    };
  }
}

/** The count at a place of a row. Throws CATALOG_UNAVAILABLE: a server may answer anything. */
export function countIn(row: Row | undefined, place = 0): number {
  const count = row?.[place];
  if (Number.isSafeInteger(count)) return count as number;
  throw new HiveCatalogError("CATALOG_UNAVAILABLE", "the database gave no count where it was asked for one");
}

/** Makes the statements of one client. */
export function statementsOn(client: Client): (build: () => { toSQL(): Query }) => Statement {
  return (build) => new Statement(client, build);
}

/** Uses a row that is there already at once: a promise more costs some 4 % of `getHive`, as measured. Knows native promises alone, which are what clients answer. */
export function whenThere<Found, Result>(
  row: Found | Promise<Found>,
  use: (row: Found) => Result | Promise<Result>,
): Result | Promise<Result> {
  return row instanceof Promise ? row.then(use) : use(row);
}
