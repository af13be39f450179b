import { expect, test, vi } from "vitest";
import { aHive } from "../../src/testing.ts";
import { refusalOf } from "../refusal.ts";
import { expectClear } from "./lasting.ts";
import { startNetwork } from "./network.ts";

const DEADLINE = /did not answer within 2000 ms/;
const HIVES = ["a", "b", "c"].map((id) => aHive({ id }));

async function beating() {
  const network = await startNetwork();
  for (const hive of HIVES) await network.direct.addHive(hive);
  return network;
}

/** Of two beats, one before and one after it, the former is surely the older one, on a slow machine too. */
async function aWhile(): Promise<void> {
  const beganMs = performance.now();
  await vi.waitFor(() => expect(performance.now() - beganMs).toBeGreaterThan(500));
}

test("each beat waits for as long as it may itself, whoever shares its commit, and is answered", async () => {
  await using network = await beating();
  const { proxy, direct } = network;
  await using catalog = await network.open({ requestTimeoutMs: 2000 });
  proxy.plan = () => ({ kind: "hang", when: "before" });
  const first = refusalOf(catalog.updateHeartbeat("a", 5));
  await aWhile();
  const second = refusalOf(catalog.updateHeartbeat("b", 5));
  expectClear(await first, DEADLINE);
  const third = catalog.updateHeartbeat("c", 5);
  expectClear(await second, DEADLINE);
  proxy.plan = () => undefined;
  await third;
  expect(await direct.getHive("c")).toMatchObject({ lastHeartbeatMs: 5 });
});

test("a beat that is refused before its time is over is not sent again and again", async () => {
  await using network = await beating();
  const { proxy } = network;
  await using catalog = await network.open();
  let asked = 0;
  proxy.plan = () => {
    asked += 1;
    return { kind: "status", status: 401, when: "before" };
  };
  expectClear(await refusalOf(catalog.updateHeartbeat("a", 5)), /does not accept the authToken/);
  expect(asked).toBe(1);
});

test("how long a lock of a file is waited for is nothing to a server", async () => {
  await using network = await beating();
  await using catalog = await network.open({ busyTimeoutMs: 0 });
  await catalog.updateHeartbeat("a", 5);
  expect(await catalog.getHive("a")).toMatchObject({ lastHeartbeatMs: 5 });
});
