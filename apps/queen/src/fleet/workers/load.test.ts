import { expect, test } from "vitest";
import { aWorker } from "../../../test/a-worker.ts";
import { loadOfAll } from "./load.ts";

test.each([
  ["no worker", [], null],
  ["one that shuts down", [aWorker({ state: "Shutdown" })], null],
  ["one with more requests than slots", [aWorker({ running: 6, slots: 4 })], 1],
  ["one of four slots, and one that says nothing and is idle", [aWorker({ running: 1, slots: 4 }), aWorker()], 1 / 8],
  ["one that is in error, whatever it runs", [aWorker({ state: "Error", running: 0, slots: 4 })], 1],
])("of %s so much is taken", (_what, workers, load) => {
  expect(loadOfAll(workers)).toBe(load);
});
