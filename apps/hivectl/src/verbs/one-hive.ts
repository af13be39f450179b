import type { Session } from "../session.ts";
import type { HiveRow } from "./hive-columns.ts";
import type { HiveFilter } from "./hive-filter.ts";

/** One hive as the list has it, if the filter lets it through. */
export async function rowOf(
  session: Session,
  id: string,
  filter: HiveFilter,
  signal = session.signal,
): Promise<HiveRow | undefined> {
  const { queen } = session;
  // An id that another program made up may have a comma, which parts two of them.
  const named = id.includes(",") ? { text: id } : { id: [id] };
  for await (const { hives } of queen.fleetPages({ ...filter, ...named }, { signal })) {
    const found = hives.find(({ hive }) => hive.id === id);
    if (found !== undefined) return found;
  }
  return undefined;
}
