import { type Client, createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { aHive, temporaryFolder } from "@repo/hive-catalog/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { beatJson, startTestQueen, type TestQueen } from "../test-queen.ts";

/** For each column a value of another type, one out of range and one that is no UTF-8. */
const NO_TEXT = "CAST(x'ff00fe' AS TEXT)";
const DAMAGE: Record<string, string[]> = {
  id: ["NULL", NO_TEXT, "x'6d'"],
  host: ["NULL", NO_TEXT, "x'6d'"],
  port: ["NULL", "0", "70000", "'x'", NO_TEXT],
  ssh_host: [NO_TEXT, "x'6d'"],
  ssh_port: ["0", "'x'", NO_TEXT],
  ssh_user: [NO_TEXT, "x'6d'"],
  status: ["NULL", "'dead'", NO_TEXT],
  last_heartbeat_ms: ["-1", "'soon'", "1.5", NO_TEXT],
  devices_json: ["'{'", "'{}'", "7", NO_TEXT, `'{"cpu":null,"gpus":[{"index":0,"name":"a","vram_gb":-1}]}'`],
  created_at_ms: ["NULL", "-1", "'then'", NO_TEXT],
  updated_at_ms: ["NULL", "8640000000000001", NO_TEXT],
};
const CASES = Object.entries(DAMAGE).flatMap(([column, values]) => values.map((value) => [column, value] as const));

/** The catalog's table without NOT NULL, so that a NULL can be anywhere. */
const TABLE = `CREATE TABLE hives (id TEXT PRIMARY KEY, host TEXT, port INTEGER, ssh_host TEXT, ssh_port INTEGER, ssh_user TEXT, status TEXT,
  last_heartbeat_ms INTEGER, devices_json TEXT, created_at_ms INTEGER, updated_at_ms INTEGER)`;

type List = { hives: { id: string }[]; next_after: string | null; damaged: { id: string; column: string }[] };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let file: Client;
let queen: TestQueen;

beforeAll(async () => {
  folder = await temporaryFolder();
  const path = `${folder.path}/hives.db`;
  file = createClient({ url: `file:${path}` });
  await file.execute(TABLE);
  queen = await startTestQueen({ catalog: await HiveCatalog.open(path, { onCorruptHive: () => undefined }) });
  for (const id of ["a", "z"]) await queen.catalog.addHive(aHive({ id, status: "online", lastHeartbeatMs: 5 }));
});
afterAll(async () => {
  file.close();
  await queen[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Three online hives; the one in the middle is damaged. */
async function damage(column: string, value: string): Promise<void> {
  await file.execute("DELETE FROM hives WHERE id IS NULL OR id NOT IN ('a', 'z')");
  const copied =
    "host, port, ssh_host, ssh_port, ssh_user, status, last_heartbeat_ms, devices_json, created_at_ms, updated_at_ms";
  await file.execute(`INSERT INTO hives SELECT 'm', ${copied} FROM hives WHERE id = 'a'`);
  await file.execute(`UPDATE hives SET ${column} = ${value} WHERE id = 'm'`);
}

test.each(CASES)(
  "a hive whose %s is %s is left out of every list over HTTP, and named in it",
  async (column, value) => {
    await damage(column, value);
    const lists = ["/v1/hives", ...(column === "status" ? [] : ["/v1/hives?status=online"])];
    for (const url of lists) {
      const { status, body } = await queen.request("GET", url);
      expect(status).toBe(200);
      expect(body).toMatchObject({ hives: [{ id: "a" }, { id: "z" }], next_after: null, damaged: [{ column }] });
    }
    const seen: string[] = [];
    const named = new Set<string>();
    let place: string | null = "";
    while (place !== null) {
      const { body } = await queen.request("GET", `/v1/hives?limit=1${place}`);
      const { hives, damaged, next_after } = body as List;
      seen.push(...hives.map(({ id }) => id));
      for (const { column: damagedColumn } of damaged) named.add(damagedColumn);
      place = next_after && `&after=${next_after}`;
    }
    expect(seen).toEqual(["a", "z"]);
    expect([...named]).toEqual([column]);
  },
);

test.each(CASES.filter(([column]) => column !== "id"))(
  "GET of a hive whose %s is %s is a 500 CORRUPT_HIVE that names both; beats, counts and the other hives go on; it can be removed",
  async (column, value) => {
    await damage(column, value);
    expect(await queen.request("GET", "/v1/hives/m")).toMatchObject({
      status: 500,
      headers: { "content-type": expect.stringContaining("application/problem+json") },
      body: { code: "CORRUPT_HIVE", detail: expect.stringContaining(column), errors: [{ field: column }] },
    });
    expect(await queen.request("GET", "/v1/hives/a")).toMatchObject({ status: 200, body: { id: "a" } });
    expect(await queen.request("GET", "/v1/counts")).toMatchObject({ status: 200, body: { total: 3 } });
    expect(await queen.request("POST", "/v1/heartbeat", beatJson("m"))).toMatchObject({ status: 200 });
    expect(await queen.request("DELETE", "/v1/hives/m")).toMatchObject({ status: 204 });
    expect(await queen.request("GET", "/v1/hives")).toMatchObject({ status: 200, body: { damaged: [] } });
  },
);
