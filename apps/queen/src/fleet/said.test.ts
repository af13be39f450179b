import { newHiveRecord } from "@repo/hive-catalog";
import { expect, test } from "vitest";
import { aWorker } from "../../test/a-worker.ts";
import { SaidOnce } from "./said.ts";

const GPU = { index: 0, name: "GB10", vramGb: null };
const hive = newHiveRecord({ id: "a", host: "127.0.0.1", port: 1, devices: { cpu: null, gpus: [GPU] } }, 0);

test("what a beat says is found out once, and anew for another address or other devices", () => {
  const once = new SaidOnce();
  const heard = { workers: [aWorker({ url: null, port: 9300, reachable: "loopback" })], reading: null };
  const said = once.of(hive, heard);
  expect(said.whyNoWork).toBeUndefined();
  expect(once.of({ ...hive }, heard)).toBe(said);
  const unified = { ...hive, devices: { cpu: null, gpus: [{ ...GPU, unified: true }] } };
  expect(once.of(unified, heard).said.gpus).toMatchObject([{ unified: true }]);
  const larger = { ...unified, devices: { ...unified.devices, cpu: { cores: 1, ramGb: 8 } } };
  expect(once.of(larger, heard).said.ram.totalBytes).toBe(8 * 2 ** 30);
  expect(once.of({ ...larger, host: "10.0.0.1" }, heard).whyNoWork).toContain("not to be reached from elsewhere");
});
