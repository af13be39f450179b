// Logs as many lines as its argument says, its next one, and its last one as a process warning, says on stderr that it has, and ends when it is asked to.
import { createLog, sayProblems } from "../src/process-log.ts";

const log = createLog({ level: "info" });
process.on("SIGTERM", () => process.exit(3));
setInterval(() => undefined, 60_000);
for (let number = 0; number < Number(process.argv[2]); number += 1) log.info({ number }, "a line");
if (process.argv[3] !== undefined) log.warn({ reason: process.argv[3] }, process.argv[3]);
if (process.argv[4] !== undefined) process.emitWarning(process.argv[4], "OddWarning");
setImmediate(() => sayProblems("logging", ["done"]));
