import type { SqlClient, SqlStatement } from "../src/drivers/client.ts";
import { openDatabase } from "../src/sql/open.ts";

/** A client of an empty catalog in memory that notes every statement which runs. */
export async function notingClient() {
  const { client } = await openDatabase(":memory:", { migrate: true, busyTimeoutMs: 0 });
  const statements: SqlStatement[] = [];
  const noted = <Result>(run: (statement: SqlStatement) => Result) => {
    return (statement: SqlStatement) => {
      statements.push(statement);
      return run(statement);
    };
  };
  const noting: SqlClient = {
    execute: noted((statement) => client.execute(statement)),
    first: noted((statement) => client.first(statement)),
    batch: (batch) => {
      statements.push(...batch);
      return client.batch(batch);
    },
    checkWritable: () => client.checkWritable(),
    close: () => client.close(),
  };
  return { client, noting, statements };
}

/** The steps in which SQLite runs a statement. */
export async function planOf(client: Pick<SqlClient, "execute">, { sql, args }: SqlStatement): Promise<string[]> {
  const { rows } = await client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args });
  return rows.map((row) => String(row[3]));
}
