import { expect } from "vitest";
import type { FindOptions, FoundHives } from "../src/options.ts";
import type { ModelFleet } from "./model-fleet.ts";

type Found = { findHives: (options: FindOptions) => Promise<FoundHives> };

/** Reads every page of a query, each held against the fleet as it was when that page was read. Resolves to how many there were. */
export async function checkPages(
  catalog: Found,
  fleet: ModelFleet,
  query: FindOptions,
  limit: number,
  meanwhile?: () => Promise<void>,
): Promise<number> {
  let after: string | undefined;
  for (let pages = 1; ; pages++) {
    const { hives, nextAfter } = await catalog.findHives({ ...query, limit, ...(after !== undefined && { after }) });
    // A full page goes on right behind its last hive, so that none is lost in between.
    if (hives.length === limit) expect(nextAfter).toBe(hives.at(-1)?.id);
    const ids = hives.map(({ id }) => id);
    expect(ids, `${JSON.stringify(query)} after ${after}`).toEqual(fleet.expected(query, after, nextAfter));
    expect(hives).toEqual(ids.map((id) => fleet.hives.get(id)?.record));
    if (nextAfter === null) return pages;
    expect(after === undefined || nextAfter > after !== (query.descending ?? false)).toBe(true);
    after = nextAfter;
    await meanwhile?.();
  }
}
