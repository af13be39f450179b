import { expect, test } from "vitest";
import { startLlamaServer } from "../llama-server.ts";
import { until } from "../until.ts";
import { Fleet, hiveIds } from "./fleet.ts";

const HIVES = 50;
const SERVERS_OF_A_HIVE = 4;
const MODELS = 5;
const SLOTS = 4;
const CALLERS = 64;
const CALLS_EACH = 10;
const BEAT_INTERVAL_MS = 5000;
/** Longer than the test: nobody is asked for health, and nobody goes offline while the agents stand still. */
const LONG_MS = "600000";

test("64 callers of the best worker, over 50 agents with 200 servers of 5 models, burden no worker by more than one above its share", async () => {
  await using fleet = await Fleet.create();
  await fleet.startQueen({ QUEEN_STALE_AFTER_MS: LONG_MS, QUEEN_HEALTH_INTERVAL_MS: LONG_MS });
  const urls = await Promise.all(
    Array.from({ length: HIVES * SERVERS_OF_A_HIVE }, (_, index) =>
      startLlamaServer(`model-${index % MODELS}`, { slots: SLOTS }),
    ),
  );
  const ids = hiveIds(HIVES);
  const workersOf = (id: string) => urls.slice(ids.indexOf(id) * SERVERS_OF_A_HIVE).slice(0, SERVERS_OF_A_HIVE);
  const rack = await fleet.startRack(ids, { beatIntervalMs: BEAT_INTERVAL_MS, workersOf });
  // Cheap to ask for: all of them by name, again and again, would keep agents and queen from what they do.
  await until("all workers are known, and idle", async () => {
    const { body } = await fleet.request("GET", "/v1/models");
    const idle = (body.models as { workers: { idle: number } }[]).map(({ workers }) => workers.idle);
    return idle.reduce((sum, count) => sum + count, 0) === urls.length;
  });

  // All that follows is within one beat.
  rack.child.kill("SIGSTOP");
  await fleet.request("GET", "/v1/counts");
  const given = new Map<string, number>();
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let call = 0; call < CALLS_EACH; call++) {
        const model = `model-${(caller + call) % MODELS}`;
        const { status, body } = await fleet.request("GET", `/v1/workers/best?model=${model}`);
        expect([status, body.model_id]).toEqual([200, model]);
        const url = String(body.url);
        given.set(url, (given.get(url) ?? 0) + 1);
      }
    }),
  );
  const share = (CALLERS * CALLS_EACH) / urls.length;
  expect([...given.keys()].sort()).toEqual([...urls].sort());
  expect(Math.max(...given.values())).toBeLessThanOrEqual(Math.ceil(share) + 1);
  expect(Math.min(...given.values())).toBeGreaterThanOrEqual(Math.floor(share) - 1);
}, 180_000);
