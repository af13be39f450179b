import { expect, test } from "vitest";
import { anOperation, HASH } from "../../test/behaviour/samples.ts";
import { notingClient, planOf } from "../../test/noting-client.ts";
import { Calls } from "../calls.ts";
import { DamageWarnings } from "../sql/damage-warnings.ts";
import { Cordons } from "./cordons.ts";
import { DerivedGpuRows } from "./gpus.ts";
import { HostKeys } from "./host-keys.ts";
import { HiveLabels } from "./labels.ts";
import { Operations } from "./operations.ts";
import { Queens } from "./queens.ts";
import { Sessions } from "./sessions.ts";
import { Tokens } from "./tokens.ts";

const WHOLE = /^SCAN (?:hives|cordons|tokens|sessions|operations|host_keys|hive_labels|hive_gpus)$/;

/** The tables of an empty catalog, and every statement that their verbs run. */
async function tables() {
  const { client, noting, statements } = await notingClient();
  const access = { calls: new Calls(noting), now: () => 1_000_000, warnings: new DamageWarnings() };
  await client.execute({
    sql: "INSERT INTO hives (id, host, port, created_at_ms, updated_at_ms) VALUES ('a', 'h', 1, 0, 0)",
    args: [],
  });
  await client.execute({ sql: "INSERT INTO hive_labels (hive_id, key, value) VALUES ('gone', 'k', 'v')", args: [] });
  return {
    client,
    statements,
    cordons: new Cordons(access),
    tokens: new Tokens(access),
    sessions: new Sessions(access),
    operations: new Operations(access),
    hostKeys: new HostKeys(access),
    queens: new Queens(access),
    labels: new HiveLabels(access),
    gpuRows: new DerivedGpuRows(access),
  };
}

test("no verb but a list, and an operator's removal of ended tokens, reads all rows of a table", async () => {
  const { client, statements, cordons, tokens, sessions, operations, hostKeys, queens, labels, gpuRows } =
    await tables();
  await cordons.set("a", { reason: "fans" });
  await cordons.get("a");
  await cordons.lift("a");
  await tokens.add({ id: "t", name: "T", role: "hive", hiveId: "a", hash: HASH });
  await tokens.get("t");
  await tokens.version();
  await sessions.add({ cookieHash: HASH, keyHash: HASH, tokenId: "t", expiresAtMs: 2_000_000 });
  await sessions.get(HASH);
  await sessions.version();
  await sessions.remove(HASH);
  await tokens.used(new Map([["t", 1]]));
  await tokens.revoke("t", { unlessLastOperator: true });
  await tokens.revoke("t");
  await operations.begin(anOperation("o"));
  await operations.save("o", { steps: [], outputTail: "" });
  await operations.finish("o", { state: "failed" });
  await operations.get("o");
  await operations.unfinished();
  await operations.latestOf(["a", "b"]);
  await operations.list({ hiveId: "a", after: "o" });
  await operations.find({ state: "running", hiveId: "a", kind: "stop", after: "o" });
  await operations.find({ hiveId: "a", kind: "stop" });
  await operations.find({ state: "failed", after: "o" });
  await hostKeys.pin({ host: "h", port: 22, keyType: "ssh-rsa", publicKey: "AAAA" });
  await hostKeys.find("h", 22);
  await hostKeys.remove("h", 22);
  await queens.renew("q");
  await queens.remove("q");
  await labels.set("a", { env: "prod" });
  await labels.patch("a", { env: null, zone: "z" });
  await labels.get("a");
  await labels.keys();
  await gpuRows.derive();
  await labels.withKey("env", { after: { value: "a", hiveId: "a" } });
  expect(statements.length).toBeGreaterThan(20);
  for (const statement of statements) {
    const whole = (await planOf(client, statement)).filter((step) => WHOLE.test(step));
    expect(whole, statement.sql).toEqual([]);
  }
  client.close();
});
