import { describeChanges } from "./changes.ts";
import { describeDamage } from "./damage.ts";
import { describeFinders } from "./finders.ts";
import { describeHeartbeats } from "./heartbeats.ts";
import { describeRaces } from "./races.ts";
import { describeRecords } from "./records.ts";
import type { Site } from "./site.ts";

/** What a catalog does, wherever it is: the same tests over each kind of database. */
export function describeCatalog(name: string, openSite: () => Promise<Site>): void {
  describeChanges(name, openSite);
  describeFinders(name, openSite);
  describeHeartbeats(name, openSite);
  describeDamage(name, openSite);
  describeRaces(name, openSite);
  describeRecords(name, openSite);
}
