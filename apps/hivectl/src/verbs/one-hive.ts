import type { Session } from "../session.ts";
import type { HiveRow } from "./hive-columns.ts";
import type { HiveFilter } from "./hive-filter.ts";

const PAGE = 200;

/** One hive as the list has it, if the filter lets it through. */
export async function rowOf(
  session: Session,
  id: string,
  filter: HiveFilter,
  signal = session.signal,
): Promise<HiveRow | undefined> {
  const { queen } = session;
  for await (const { hives } of queen.fleetPages({ ...filter, text: id, limit: PAGE }, { signal })) {
    const found = hives.find(({ hive }) => hive.id === id);
    if (found !== undefined) return found;
  }
  return undefined;
}
