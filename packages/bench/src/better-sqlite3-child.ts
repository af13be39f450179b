/** The catalog beside statements by hand on better-sqlite3, which npx has put beside the node that runs this. Prints JSON. */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { HandWritten, type SqliteBinding } from "./counterparts/by-hand.ts";
import { beatAt, hiveId } from "./harness/fleet.ts";
import { calibrated, counted, inTurn } from "./harness/measure.ts";
import { openBoth } from "./single-calls.ts";

export type BetterSqlite3Seen = {
  versions: string;
  figures: Record<string, { ours: number[]; theirs: number[] }>;
};

const HIVES = 1000;
const ROUNDS = { rounds: 15 };
const WRITES_PER_ROUND = 50;

const [folder = ""] = process.argv.slice(2);
/** The commands of npx's own installation come first on the PATH. */
const [installed = ""] = (process.env.PATH ?? "").split(":").filter((entry) => entry.includes("/_npx/"));
const require = createRequire(`${dirname(installed)}/`);
const BetterSqlite3 = require("better-sqlite3") as new (path: string) => SqliteBinding;
const { version } = require("better-sqlite3/package.json") as { version: string };

const {
  catalog,
  byHand: unused,
  byHandPath,
} = await openBoth(folder, "better-sqlite3", { size: HIVES, devices: "kinds" });
unused.close();
const byHand = new HandWritten(new BetterSqlite3(byHandPath));
const id = (n: number) => hiveId((n * 7919) % HIVES);

const seen: BetterSqlite3Seen = {
  versions: `better-sqlite3 ${version}, Node ${process.version}`,
  figures: {
    getHive: await inTurn(
      { ours: calibrated((n) => catalog.getHive(id(n))), theirs: calibrated((n) => byHand.getHive(id(n))) },
      ROUNDS,
    ),
    [`listHives of ${HIVES}`]: await inTurn(
      { ours: calibrated(() => catalog.listHives()), theirs: calibrated(() => byHand.listHives()) },
      ROUNDS,
    ),
    "one heartbeat alone": await inTurn(
      {
        ours: counted((n) => catalog.updateHeartbeat(id(n), beatAt + n), WRITES_PER_ROUND),
        theirs: counted((n) => byHand.updateHeartbeat(id(n), beatAt + n), WRITES_PER_ROUND),
      },
      ROUNDS,
    ),
  },
};
byHand.close();
await catalog.close();
process.stdout.write(JSON.stringify(seen));
