import { eq } from "drizzle-orm";
import { expect, test } from "vitest";
import { HiveCatalogError } from "../errors.ts";
import { hives } from "../schema.ts";
import { build, countIn, statement } from "./statement.ts";

const setPort = statement<{ id: string; port: number }>(({ id, port }) =>
  build.update(hives).set({ port }).where(eq(hives.id, id)),
);
/** As a caller without types would. */
const called = (values: object) => () => setPort(values as { id: string; port: number });

test("a statement is its text and its values, in the order of their places", () => {
  expect(setPort({ id: "a", port: 7 })).toEqual({
    sql: 'update "hives" set "port" = ? where "hives"."id" = ?',
    args: [7, "a"],
  });
  expect(setPort({ port: 8, id: "b" }).args).toEqual([8, "b"]);
});

test("a value that was forgotten or misspelt throws: SQLite would take it for NULL", () => {
  expect(called({ id: "a" })).toThrow(/port/);
  expect(called({ id: "a", Port: 7 })).toThrow(/port/);
});

test.each([undefined, true, 5n, new Date(), {}, () => 7])(
  "the value %s, which no column holds, is INTERNAL",
  (port) => {
    expect(called({ id: "a", port })).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  },
);

test("every kind of value that a column holds is taken", () => {
  for (const port of [7, 0.5, "seven", null, new Uint8Array([7])]) {
    expect(setPort({ id: "a", port: port as number }).args).toEqual([port, "a"]);
  }
});

test("a statement is built once, at its first use", () => {
  let built = 0;
  const all = statement(() => {
    built++;
    return build.select({ id: hives.id }).from(hives);
  });
  expect(built).toBe(0);
  for (let time = 0; time < 3; time++) all({});
  expect(built).toBe(1);
});

test("a count that is none is CATALOG_UNAVAILABLE: a server may answer anything", () => {
  expect(countIn([3, 4], 1)).toBe(4);
  for (const row of [undefined, [], ["3"], [null], [0.5]]) {
    expect(() => countIn(row)).toThrow(HiveCatalogError);
  }
});
