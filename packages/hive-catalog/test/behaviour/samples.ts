import type { HiveCatalog } from "../../src/catalog.ts";
import { aHive } from "../../src/testing.ts";
import type { Site } from "./site.ts";

export const NOW_MS = 1_761_040_800_000;
export const HASH = "0123456789abcdef".repeat(4);
export const PUBLIC_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIJ8mM5Y7Z0000000000000000000000000000000000000Aa";

/** A catalog with hives `a`, `b` and `c`, whose time is what `clock` says. */
export async function withHives(site: Pick<Site, "open">, clock = { nowMs: NOW_MS }): Promise<HiveCatalog> {
  const catalog = await site.open({ now: () => clock.nowMs });
  for (const id of ["a", "b", "c"]) await catalog.addHive(aHive({ id }));
  return catalog;
}

export function anOperation(id: string, hiveId = "a") {
  return { id, hiveId, kind: "start", owner: "queen-1", deadlineMs: NOW_MS + 60_000 } as const;
}
