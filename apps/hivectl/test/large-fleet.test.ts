import { once } from "node:events";
import { makeFleet } from "@repo/bench";
import { folderInMemory } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { openQueen } from "../../queen/test/own-queen.ts";
import { HivectlProcess, hivectl } from "./hivectl.ts";

const HIVES = 10_000;

test("of a fleet of 10,000 all are listed, each page asked for when the one before has been written", async () => {
  await using folder = await folderInMemory();
  const file = `${folder.path}/hives.db`;
  await makeFleet(file, { size: HIVES, devices: "kinds", host: "127.0.0.1", port: 1 });
  await using queen = await openQueen({ QUEEN_DATABASE: file });
  const QUEEN_URL = queen.url;

  const listed = await hivectl(["get", "hives", "-o", "name"], { QUEEN_URL });
  expect(listed).toMatchObject({ code: 0, stderr: "" });
  expect(new Set(listed.stdout.trim().split("\n")).size).toBe(HIVES);

  // By name, as many in one request as it takes.
  const ids = listed.stdout.trim().split("\n").toReversed();
  const named = await hivectl(["get", "hives", "-", "-o", "name", "-v"], { QUEEN_URL }, ids.join("\n"));
  expect(named.stdout).toBe(`${ids.join("\n")}\n`);
  expect(named.stderr.match(/GET .*\/v1\/fleet/g)?.length).toBe(HIVES / 100);
  const waited = await hivectl(["wait", "-", "--for", "uncordoned", "-o", "name", "-v"], { QUEEN_URL }, ids.join("\n"));
  expect(waited.stdout).toBe(named.stdout);
  expect(waited.stderr.match(/GET .*\/v1\/fleet/g)?.length).toBe(HIVES / 100 + 1);

  // More than ten pages, each of them more than goes to a reader at once.
  for (const format of ["table", "wide", "json", "jsonl", "yaml"]) {
    const some = await hivectl(["get", "hives", "--limit", "2500", "-o", format], { QUEEN_URL });
    expect({ format, code: some.code, stderr: some.stderr }).toEqual({ format, code: 0, stderr: "" });
  }

  // Who reads the first row and no more, as `head -1` does, has not waited for all the others.
  const first = new HivectlProcess(["get", "hives", "-v"], { QUEEN_URL });
  await once(first.child.stdout, "data");
  first.child.stdout.destroy();
  const { code, stderr } = await first.end();
  expect(code).toBe(0);
  expect(stderr.match(/GET .*\/v1\/fleet/g)?.length).toBeLessThan(50);
});
