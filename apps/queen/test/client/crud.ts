// A program as another team would write it: all that it knows of the queen is what was generated from her /openapi.json.
// `generated-client.test.ts` makes that file, compiles this one with it, and runs it.
import createClient from "openapi-fetch";
import type { components, paths } from "queen-api";

const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });
const said: unknown[] = [];
const hive: components["schemas"]["NewHiveJson"] = { id: "gpu-01", host: "127.0.0.1", port: 8601 };
const path = { id: hive.id };

const added = await client.POST("/v1/hives", { body: hive });
said.push(["added", added.response.status, added.data?.status, added.data?.last_heartbeat_ms]);

const again = await client.POST("/v1/hives", { body: hive });
if (again.error?.code === "HIVE_ALREADY_EXISTS") said.push(["taken", again.error.status]);

const wrong = await client.POST("/v1/hives", { body: { ...hive, port: 0 } });
said.push(["wrong", wrong.error?.code, wrong.error?.errors?.map(({ field }) => field)]);

const page = await client.GET("/v1/hives", { params: { query: { limit: 10, status: "unknown" } } });
said.push(["listed", page.data?.hives.map(({ id }) => id), page.data?.next_after]);

const moved = await client.PATCH("/v1/hives/{id}", { params: { path }, body: { port: 8602 } });
said.push(["changed", moved.data?.port]);

const replaced = await client.PUT("/v1/hives/{id}", { params: { path }, body: { host: "127.0.0.2", port: 8603 } });
said.push(["replaced", replaced.data?.host, replaced.data?.port]);

const gpus = [{ index: 0, name: "NVIDIA RTX 4090", vram_gb: 24 }];
await client.PUT("/v1/hives/{id}/devices", { params: { path }, body: { cpu: { cores: 16, ram_gb: 64 }, gpus } });
const beat = await client.POST("/v1/heartbeat", {
  body: { hive_id: hive.id, timestamp: "2025-10-21T10:00:00Z", workers: [] },
});
said.push(["beat", beat.data?.status]);

const read = await client.GET("/v1/hives/{id}", { params: { path } });
said.push(["read", read.data?.status, read.data?.devices?.gpus?.map(({ name }) => name)]);

const removed = await client.DELETE("/v1/hives/{id}", { params: { path } });
said.push(["removed", removed.response.status]);

const gone = await client.GET("/v1/hives/{id}", { params: { path } });
if (gone.error?.code === "HIVE_NOT_FOUND") said.push(["gone", gone.error.detail]);

process.stdout.write(`${JSON.stringify(said)}\n`);

// What the document forbids does not compile.
export function refused(): void {
  // @ts-expect-error: a hive needs a host and a port
  void client.POST("/v1/hives", { body: { id: "a" } });
  // @ts-expect-error: no status has this name
  void client.GET("/v1/hives", { params: { query: { status: "lost" } } });
  // @ts-expect-error: there is no such path
  void client.GET("/v1/hive");
  // @ts-expect-error: an error of this kind never comes from here
  if (gone.error?.code === "NO_WORKER") void gone;
}
