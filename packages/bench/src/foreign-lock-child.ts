/** Holds the lock of a file for some time, as another program may, and tells when it has it. Prints JSON. */
import { setTimeout as delay } from "node:timers/promises";
import Database from "libsql";

const [path = "", holdMs = ""] = process.argv.slice(2);
const database = new Database(path);
database.exec("BEGIN IMMEDIATE");
process.send?.("locked");
await delay(Number(holdMs));
database.exec("COMMIT");
database.close();
process.stdout.write("{}");
