import { expect, test } from "vitest";
import { startTestQueen, workerJson } from "../../test/test-queen.ts";

test("what runs on a large fleet is summed up in steps, between which other work has its turn", async () => {
  await using queen = await startTestQueen();
  const workers = [{ ...workerJson(), state: "Busy" }];
  let turns = 0;
  const count = () => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  const turnsAt: number[] = [];
  queen.fleet.registry.workload = function* () {
    for (let hive = 0; hive < 2500; hive++) {
      turnsAt.push(turns);
      yield { id: `hive-${hive}`, workers: workers as never, reading: null };
    }
  };
  const { payload } = await queen.app.inject({ method: "GET", url: "/metrics" });
  clearImmediate(next);
  expect(payload).toContain('\nqueen_workers{state="Busy"} 2500\n');
  expect(new Set(turnsAt).size).toBe(3);
});
