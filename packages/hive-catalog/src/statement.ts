import type { Client, InValue, Row } from "@libsql/client";
import { Placeholder, type Query } from "drizzle-orm";
import { EmbeddedClient } from "./embedded.ts";

type Values = Record<string, unknown>;

/** A statement that drizzle built, run straight on the client: drizzle's own prepared queries cost more a call (docs/performance.md). */
export class Statement {
  readonly #client: Client;
  readonly #sql: string;
  readonly #params: readonly unknown[];

  constructor(client: Client, builder: { toSQL(): Query }) {
    this.#client = client;
    const { sql, params } = builder.toSQL();
    this.#sql = sql;
    this.#params = params;
  }

  /** Runs a query that finds one row at most. */
  row(values: Values): Row | undefined | Promise<Row | undefined> {
    const args = this.#argsOf(values);
    if (this.#client instanceof EmbeddedClient) return this.#client.first(this.#sql, args);
    return this.#client.execute({ sql: this.#sql, args }).then(({ rows: [row] }) => row);
  }

  /** Runs a query, or a change with RETURNING. */
  async rows(values: Values = {}): Promise<Row[]> {
    return (await this.#execute(values)).rows;
  }

  /** Runs a change without RETURNING, and resolves to the number of rows that it changed. */
  async run(values: Values): Promise<number> {
    return (await this.#execute(values)).rowsAffected;
  }

  #execute(values: Values) {
    return this.#client.execute({ sql: this.#sql, args: this.#argsOf(values) });
  }

  #argsOf(values: Values): InValue[] {
    return this.#params.map((param) => (param instanceof Placeholder ? values[param.name] : param)) as InValue[];
  }
}
