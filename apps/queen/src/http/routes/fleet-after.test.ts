import { expect, test } from "vitest";
import type { ListQuery } from "../../fleet/lists/list-query.ts";
import { fromAfter, toAfter } from "./fleet-after.ts";

const BY_ID = { conditions: {}, sort: "id", descending: false, onCorruptHive: () => undefined } as const;

test("after a restart of the queen a list by id goes on, and one whose order she has forgotten begins anew", () => {
  const cursor = { place: { value: null, id: "a" }, since: 7, snapshot: 3 };
  const goOn = (query: ListQuery) => fromAfter(toAfter(cursor, query, "before"), query, "now");
  expect(goOn(BY_ID)).toEqual({ place: cursor.place, since: 0, snapshot: null });
  for (const other of [{ groupBy: "rack" }, { sort: "load" }] as const) {
    expect(() => goOn({ ...BY_ID, ...other })).toThrow(expect.objectContaining({ code: "LIST_EXPIRED" }));
  }
});

test.each<[order: string, query: ListQuery, value: string | null]>([
  ["by id", BY_ID, null],
  ["by status", { ...BY_ID, sort: "status" }, "unknown"],
  ["by a label", { ...BY_ID, groupBy: "rack" }, ""],
  ["of those without the label", { ...BY_ID, groupBy: "rack" }, null],
  ["of those that are not live", { ...BY_ID, sort: "load" }, null],
])("a list %s goes on behind each hive, whatever id another program gave it", (_order, query, value) => {
  for (const id of ["", "\0", " ", "'\"", "ü", "\u{1f600}"]) {
    const cursor = { place: { value, id }, since: 7, snapshot: 3 };
    expect(fromAfter(toAfter(cursor, query, "start"), query, "start"), JSON.stringify(id)).toEqual(cursor);
  }
});
