import { inZodsWords, pathsIn, withAt } from "@repo/test-support/wrong-input";
import { expect, test } from "vitest";
import { HiveCatalogError } from "./errors.ts";
import { aHive, openTestCatalog } from "./testing.ts";

const WRONG_VALUES = [
  undefined,
  null,
  true,
  -1,
  1.5,
  2 ** 53,
  Number.NaN,
  "",
  "a b",
  "x".repeat(5000),
  [],
  [null],
  {},
  10n,
];

test("no error says in zod's words what is wrong, whatever is handed in as whichever field", async () => {
  await using catalog = await openTestCatalog();
  const devices = { cpu: { cores: 1, ramGb: 1 }, gpus: [{ index: 0, name: "RTX 3060", vramGb: 12 }] };
  const hive = await catalog.addHive(aHive({ id: "a", devices }));
  const { id: _id, createdAtMs: _created, updatedAtMs: _updated, lastHeartbeatMs: _beat, ...changes } = hive;
  const calls: [sound: unknown, call: (input: never) => Promise<unknown>][] = [
    [hive, (input) => catalog.addHive(input)],
    [hive, (input) => catalog.updateHive(input)],
    [changes, (input) => catalog.patchHive("a", input)],
    [devices, (input) => catalog.updateDevices("a", input)],
    ["online", (input) => catalog.updateHiveStatus("a", input)],
    [1, (input) => catalog.updateHeartbeat("a", input)],
    [{ reason: "r", untilMs: 1 }, (input) => catalog.cordons.set("a", input)],
    [{ id: "0123456789abcdef", name: "n", role: "king", hash: "" }, (input) => catalog.tokens.add(input)],
    [{ id: "o", hiveId: "a", kind: "start", owner: "o", deadlineMs: 1 }, (input) => catalog.operations.begin(input)],
    [
      { steps: [{ name: "s", state: "done", startedAtMs: 1, endedAtMs: 1, detail: "d" }], outputTail: "t" },
      (input) => catalog.operations.save("o", input),
    ],
    [{ state: "failed", problem: "p" }, (input) => catalog.operations.finish("o", input)],
  ];
  const messages = new Set<string>();
  let refused = 0;
  for (const [sound, call] of calls) {
    for (const path of pathsIn(sound)) {
      for (const wrong of WRONG_VALUES) {
        const error = await call(withAt(sound, path, wrong) as never).catch((error: unknown) => error);
        if (!(error instanceof HiveCatalogError)) continue;
        refused += 1;
        messages.add(error.message);
      }
    }
  }
  expect(inZodsWords(messages)).toEqual([]);
  expect(refused).toBeGreaterThan(500);
});
