import { expect, test } from "vitest";
import type { NewHive } from "../../src/model/hive.ts";
import { CatalogFile } from "../catalog-file.ts";
import { startWorker } from "../processes.ts";

const SEEDS = 200;
const PROCESSES = 2;

type Answer = { problems: string[]; unseen: number; refusals: number; calls: number };

const aHiveOfMany = (index: number): NewHive => ({
  id: `hive-${String(index).padStart(4, "0")}`,
  host: `h${index}.example.org`,
  port: 1000 + index,
  status: (["online", "offline", "unknown"] as const)[index % 3],
  lastHeartbeatMs: 1_700_000_000_000 + index * 7,
  devices:
    index % 4 === 0
      ? null
      : { cpu: { cores: 1 + (index % 64), ramGb: 64 }, gpus: [{ index: 0, name: `RTX ${index}`, vramGb: 24 }] },
  createdAtMs: 1,
  updatedAtMs: 2,
});

/** Answers for every `PROCESSES`th seed from `first` on. */
async function tryEverySeed(path: string, first: number): Promise<Map<number, Answer>> {
  await using worker = startWorker("noise", path);
  expect(await worker.nextLine()).toBe("ready");
  const answers = new Map<number, Answer>();
  for (let seed = first; seed <= SEEDS; seed += PROCESSES) {
    answers.set(seed, JSON.parse(await worker.ask(String(seed))) as Answer);
  }
  return answers;
}

test("noise in the pages of a catalog, 200 seeds: every call answers rightly or refuses with CATALOG_CORRUPT or CORRUPT_HIVE, and no process dies", async () => {
  await using file = await CatalogFile.create();
  const catalog = await file.open();
  await Promise.all(Array.from({ length: 300 }, (_, index) => catalog.addHive(aHiveOfMany(index))));
  await catalog.close();

  const halves = await Promise.all(Array.from({ length: PROCESSES }, (_, index) => tryEverySeed(file.path, index + 1)));
  const answers = halves.flatMap((half) => [...half]);
  expect(answers).toHaveLength(SEEDS);
  expect(answers.filter(([, { problems }]) => problems.length > 0)).toEqual([]);
  const sum = (name: "unseen" | "refusals" | "calls") => answers.reduce((total, [, answer]) => total + answer[name], 0);
  // The noise is seen, and what SQLite itself does not see is the exception.
  expect(sum("refusals")).toBeGreaterThan(SEEDS);
  expect(sum("unseen")).toBeLessThan(sum("calls") / 100);
}, 60_000);
