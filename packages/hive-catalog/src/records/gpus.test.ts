import { expect, test } from "vitest";
import { notingClient } from "../../test/noting-client.ts";
import { Calls } from "../calls.ts";
import { plain, type SqlClient } from "../drivers/client.ts";
import { DamageWarnings } from "../sql/damage-warnings.ts";
import { DerivedGpuRows } from "./gpus.ts";

const devices = (name: string) => `'{"cpu":null,"gpus":[{"index":0,"name":"${name}","vram_gb":24}]}'`;

test("of a hive whose devices change between a look at them and its writing no rows are written: the change has written its own", async () => {
  const { client, noting } = await notingClient();
  const columns = "id, host, port, devices_json, created_at_ms, updated_at_ms";
  await client.execute(plain(`INSERT INTO hives (${columns}) VALUES ('a', 'h', 1, ${devices("NVIDIA L4")}, 0, 0)`));
  const rows = async () => (await client.execute(plain("SELECT model FROM hive_gpus"))).rows.flat();
  let change = `UPDATE hives SET devices_json = ${devices("NVIDIA H100")}`;
  const changing: SqlClient = {
    ...noting,
    batch: async (statements) => {
      await client.execute(plain(change));
      return client.batch(statements);
    },
  };
  const derived = new DerivedGpuRows({ calls: new Calls(changing), now: () => 0, warnings: new DamageWarnings() });
  await derived.derive();
  expect(await rows()).toEqual([]);
  change = "SELECT 1";
  await derived.derive();
  expect(await rows()).toEqual(["h100"]);
  client.close();
});
