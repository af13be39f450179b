import type { Client, InValue, Row } from "@libsql/client";
import { Placeholder, type Query } from "drizzle-orm";

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

  /** Runs a query, or a change with RETURNING. */
  async rows(values: Values = {}): Promise<Row[]> {
    return (await this.#execute(values)).rows;
  }

  /** Runs a change without RETURNING, and resolves to the number of rows that it changed. */
  async run(values: Values): Promise<number> {
    return (await this.#execute(values)).rowsAffected;
  }

  #execute(values: Values) {
    const args = this.#params.map((param) => (param instanceof Placeholder ? values[param.name] : param)) as InValue[];
    return this.#client.execute({ sql: this.#sql, args });
  }
}
