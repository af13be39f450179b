import { describeChanges } from "./changes.ts";
import { describeCordons } from "./cordons.ts";
import { describeDamage } from "./damage.ts";
import { describeDamagedRecords } from "./damaged-records.ts";
import { describeFinders } from "./finders.ts";
import { describeFinding } from "./finding.ts";
import { describeGpuRows } from "./gpu-rows.ts";
import { describeHeartbeats } from "./heartbeats.ts";
import { describeHostKeys } from "./host-keys.ts";
import { describeLabels } from "./labels.ts";
import { describeOperations } from "./operations.ts";
import { describeQueens } from "./queens.ts";
import { describeRaces } from "./races.ts";
import { describeRecords } from "./records.ts";
import { describeSessions } from "./sessions.ts";
import type { Site } from "./site.ts";
import { describeTokens } from "./tokens.ts";

/** What a catalog does, wherever it is: the same tests over each kind of database. */
export function describeCatalog(name: string, openSite: () => Promise<Site>): void {
  describeChanges(name, openSite);
  describeFinders(name, openSite);
  describeHeartbeats(name, openSite);
  describeDamage(name, openSite);
  describeRaces(name, openSite);
  describeCordons(name, openSite);
  describeTokens(name, openSite);
  describeSessions(name, openSite);
  describeOperations(name, openSite);
  describeHostKeys(name, openSite);
  describeQueens(name, openSite);
  describeLabels(name, openSite);
  describeGpuRows(name, openSite);
  describeFinding(name, openSite, name === "a file" ? 60 : 12);
  describeDamagedRecords(name, openSite);
  describeRecords(name, openSite);
}
