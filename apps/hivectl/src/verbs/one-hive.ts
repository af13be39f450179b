import type { Session } from "../session.ts";
import { batchesOf } from "./batches.ts";
import type { HiveRow } from "./hive-columns.ts";
import type { HiveFilter } from "./hive-filter.ts";

/** What one request takes: so many ids, and no longer a line than a server reads. */
const MAX_NAMED = 100;
const MAX_LENGTH = 8000;

/** What is said of one that was named, and is not there. */
export const noSuchHive = (id: string): string => `HIVE_NOT_FOUND: There is no hive ${JSON.stringify(id)}`;

type Found = readonly [id: string, row: HiveRow | undefined];

/** Each of these hives in their order, as the list has it, if the filter lets it through: as many at a time as one request takes. */
export async function* rowsOf(
  { queen, signal: ended }: Session,
  ids: readonly string[],
  filter: HiveFilter,
  signal = ended,
): AsyncGenerator<readonly Found[], void, undefined> {
  for (const id of batchesOf(ids, { count: MAX_NAMED, length: MAX_LENGTH, lengthOf })) {
    // An id that another program made up may have a comma, which parts two of them. A page with room left is the last.
    const named = isApart(id[0]) ? { text: id[0] } : { id, limit: MAX_NAMED + 1 };
    const rows = new Map<string, HiveRow>();
    for await (const { hives } of queen.fleetPages({ ...filter, ...named }, { signal })) {
      for (const row of hives) rows.set(row.hive.id, row);
    }
    yield id.map((one) => [one, rows.get(one)]);
  }
}

const isApart = (id: string | undefined): id is string => id?.includes(",") === true;
const lengthOf = (id: string): number => (isApart(id) ? MAX_LENGTH : encodeURIComponent(id).length + "&hive=".length);

/** Whether one request can name them all. */
export const canBeNamed = (ids: readonly string[]): boolean =>
  ids.length <= MAX_NAMED && ids.reduce((sum, id) => sum + lengthOf(id), 0) < MAX_LENGTH;
