import { json } from "node:stream/consumers";
import { inZodsWords, pathsIn, withAt } from "@repo/test-support/wrong-input";
import type { InjectOptions } from "fastify";
import { expect, test } from "vitest";
import { answer, HiveServer } from "../test/hive-server.ts";
import { addHive, HIVE_JSON, startTestQueen, type TestQueen } from "../test/test-queen.ts";
import type { ProblemBody } from "./http/problems.ts";
import { HIVE_EXAMPLE } from "./http/routes/hive-json.ts";
import { ROUTES } from "./http/routes.ts";

const WRONG_VALUES = [null, true, -1, 1.5, 1e300, 2 ** 53, "", "a b", "x".repeat(5000), [], [null], [[]], {}, { a: 1 }];
const WRONG_TEXTS = ["", "x", "-1", "1e3", "9".repeat(30), "%00", "x&limit=1&limit=1"];
const JSON_TYPE = { "content-type": "application/json" };

const wrongFormsOf = (whole: unknown): string[] =>
  pathsIn(whole).flatMap((at) =>
    (at.length === 0 ? WRONG_VALUES : [...WRONG_VALUES, undefined]).map((wrong) =>
      JSON.stringify(withAt(whole, at, wrong)),
    ),
  );

/** The refusals of all those requests, each as "field: message". */
async function refusalsOf(queen: TestQueen, requests: readonly InjectOptions[]): Promise<string[]> {
  const refusals: string[] = [];
  for (const request of requests) {
    // A stream of events has no end to wait for.
    const answered = await queen.app.inject({ ...request, payloadAsStream: true });
    if (answered.statusCode < 400) {
      answered.stream().destroy();
      continue;
    }
    const { errors, detail } = (await json(answered.stream())) as ProblemBody;
    const where = `${request.method} ${request.url}`;
    refusals.push(...errors.map(({ field, message }) => `${where} ${field}: ${message}`), `${where}: ${detail}`);
  }
  return refusals;
}

test("no answer says in zod's words what is wrong, whatever arrives in whichever field", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  const requests = ROUTES.flatMap(({ method: verb, path, body, query }): InjectOptions[] => {
    const method = verb.toUpperCase() as "POST";
    const url = path.replace(":id", HIVE_JSON.id).replace(":operation", "x");
    const names = query ? [...Object.keys(query.shape), "surplus"] : [];
    const examples = Object.values(body?.examples ?? {});
    const wholes = verb === "put" && path === "/v1/hives/:id" ? [HIVE_EXAMPLE] : examples;
    return [
      ...names.flatMap((name) => WRONG_TEXTS.map((text) => ({ method, url: `${url}?${name}=${text}` }))),
      ...wholes.flatMap(wrongFormsOf).map((payload) => ({ method, url, payload, headers: JSON_TYPE })),
    ];
  });
  const refusals = await refusalsOf(queen, requests);
  expect(inZodsWords(refusals)).toEqual([]);
  expect(refusals.length).toBeGreaterThan(1000);
  expect(refusals).toContain(
    "GET /v1/hives?surplus=x surplus: is not a known query parameter; those are: id, selector, gpu, ram, cores, status, cordoned, text, after, limit",
  );
});

test("nor does one that says what is wrong with the devices that a hive reports", async () => {
  await using queen = await startTestQueen();
  const hive = await HiveServer.start({});
  try {
    await addHive(queen, hive.port);
    const devices = { cpu: { cores: 8, ram_gb: 32 }, gpus: [{ index: 0, name: "RTX 3060", vram_gb: 12 }] };
    const refusals: string[] = [];
    for (const json of wrongFormsOf(devices)) {
      hive.routes = { "/v1/devices": answer(200, json) };
      refusals.push(...(await refusalsOf(queen, [{ method: "POST", url: "/v1/hives/hive-a/devices" }])));
    }
    expect(inZodsWords(refusals)).toEqual([]);
    expect(refusals.length).toBeGreaterThan(100);
  } finally {
    await hive.stop();
  }
});
