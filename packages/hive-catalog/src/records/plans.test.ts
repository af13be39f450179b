import { expect, test } from "vitest";
import { anOperation, HASH } from "../../test/behaviour/samples.ts";
import { Calls } from "../calls.ts";
import type { SqlClient, SqlStatement } from "../drivers/client.ts";
import { DamageWarnings } from "../sql/damage-warnings.ts";
import { openDatabase } from "../sql/open.ts";
import { Cordons } from "./cordons.ts";
import { HostKeys } from "./host-keys.ts";
import { Operations } from "./operations.ts";
import { Queens } from "./queens.ts";
import { Tokens } from "./tokens.ts";

/** The tables of an empty catalog, and every statement that their verbs run. */
async function tables() {
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
  const access = { calls: new Calls(noting), now: () => 1_000_000, warnings: new DamageWarnings() };
  await client.execute({
    sql: "INSERT INTO hives (id, host, port, created_at_ms, updated_at_ms) VALUES ('a', 'h', 1, 0, 0)",
    args: [],
  });
  return {
    client,
    statements,
    cordons: new Cordons(access),
    tokens: new Tokens(access),
    operations: new Operations(access),
    hostKeys: new HostKeys(access),
    queens: new Queens(access),
  };
}

test("no verb but a list reads all rows of a table", async () => {
  const { client, statements, cordons, tokens, operations, hostKeys, queens } = await tables();
  await cordons.set("a", { reason: "fans" });
  await cordons.get("a");
  await cordons.lift("a");
  await tokens.add({ id: "t", name: "T", role: "hive", hiveId: "a", hash: HASH });
  await tokens.get("t");
  await tokens.version();
  await tokens.revoke("t");
  await tokens.removeRevoked(0);
  await operations.begin(anOperation("o"));
  await operations.save("o", { steps: [], outputTail: "" });
  await operations.finish("o", { state: "failed" });
  await operations.get("o");
  await operations.unfinished();
  await operations.list({ hiveId: "a", after: "o" });
  await hostKeys.pin({ host: "h", port: 22, keyType: "ssh-rsa", publicKey: "AAAA" });
  await hostKeys.find("h", 22);
  await hostKeys.remove("h", 22);
  await queens.renew("q");
  await queens.remove("q");
  expect(statements.length).toBeGreaterThan(20);
  for (const { sql, args } of statements) {
    const { rows } = await client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args });
    const whole = rows
      .map((row) => String(row[3]))
      .filter((step) => /^SCAN (?:hives|cordons|tokens|operations|host_keys)$/.test(step));
    expect(whole, sql).toEqual([]);
  }
  client.close();
});
