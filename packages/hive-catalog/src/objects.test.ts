import { expect, test } from "vitest";
import { fieldsOf, refusalOf } from "../test/refusal.ts";
import { HiveCatalog } from "./catalog.ts";
import { checkCatalog } from "./maintenance.ts";
import type { HiveChanges, HiveRecord, NewHive } from "./model/hive.ts";
import { aHive, openTestCatalog } from "./testing.ts";

const FIELDLESS: [string, object][] = [
  ["Promise", Promise.resolve({ port: 1 })],
  ["Map", new Map([["port", 1]])],
  ["Set", new Set(["port"])],
  ["AbortSignal", AbortSignal.timeout(1)],
  ['"2026-01-01T00:00:00.000Z"', new Date(Date.UTC(2026))],
  ["[]", []],
  ["RegExp", /port/],
];

test.each(FIELDLESS)(
  "%s in place of a hive, of changes or of what is set is refused, and named",
  async (kind, value) => {
    await using catalog = await openTestCatalog();
    const stored = await catalog.addHive(aHive());
    const given = value as never;
    const refused: [string, () => Promise<unknown>][] = [
      ["INVALID_HIVE hive", () => catalog.patchHive(stored.id, given)],
      ["INVALID_HIVE hive", () => catalog.updateHive(given)],
      ["INVALID_HIVE hive", () => catalog.addHive(given)],
      ["INVALID_ARGUMENT cordon", () => catalog.cordons.set(stored.id, given)],
      ["INVALID_ARGUMENT progress", () => catalog.operations.save("a", given)],
      ["INVALID_ARGUMENT options", () => HiveCatalog.open(":memory:", given)],
      ["INVALID_ARGUMENT options", () => catalog.getHive(stored.id, given)],
      ["INVALID_ARGUMENT options", () => catalog.listHives(given)],
      ["INVALID_ARGUMENT options", () => catalog.patchHive(stored.id, { port: 1 }, given)],
      ["INVALID_ARGUMENT options", () => catalog.operations.find(given)],
      ["INVALID_ARGUMENT options", () => checkCatalog("hives.db", given)],
    ];
    for (const [refusal, call] of refused) {
      const error = await refusalOf(call());
      expect([error.code, ...fieldsOf(error)].join(" ")).toBe(refusal);
      expect(error.message).toContain(`must be an object, got ${kind}`);
    }
    expect(await catalog.listHives()).toEqual([stored]);
  },
);

/** As an ORM has them: each field is a getter of the class. */
class Row {
  readonly #fields: NewHive;
  constructor(fields: NewHive) {
    this.#fields = fields;
  }
  get id() {
    return this.#fields.id;
  }
  get host() {
    return this.#fields.host;
  }
  get port() {
    return this.#fields.port;
  }
  get labels() {
    return this.#fields.labels;
  }
}

test("what is said by the getters of a class is said", async () => {
  await using catalog = await openTestCatalog();
  const added = await catalog.addHive(new Row({ id: "a", host: "h", port: 1, labels: { env: "prod" } }));
  expect(added).toMatchObject({ id: "a", host: "h", port: 1 });
  expect(await catalog.labels.get("a")).toEqual({ env: "prod" });
  const changed = Object.assign(new Row({ id: "a", host: "h2", port: 2, labels: { env: "lab" } }), withoutOwn(added));
  expect(await catalog.updateHive(changed as unknown as HiveRecord)).toMatchObject({ host: "h2", port: 2 });
  expect(await catalog.labels.get("a")).toEqual({ env: "lab" });
  const port = Object.create({
    get port() {
      return 3;
    },
  }) as HiveChanges;
  expect(await catalog.patchHive("a", port)).toMatchObject({ host: "h2", port: 3 });
});

test("what is said by an object of another kind, such as a module, is said", async () => {
  await using catalog = await openTestCatalog();
  await catalog.addHive(aHive({ id: "a" }));
  const changes = { port: 3, [Symbol.toStringTag]: "Module" };
  expect(await catalog.patchHive("a", changes)).toMatchObject({ port: 3 });
});

function withoutOwn({ id: _id, host: _host, port: _port, ...others }: HiveRecord) {
  return others;
}
