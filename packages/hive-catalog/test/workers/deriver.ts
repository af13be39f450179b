/** Opens a catalog whose rows of GPUs are to be derived. Waits for that in the middle of it and prints how many hives it was, or leaves. */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { HiveCatalog } from "../../src/index.ts";

const [path = "", mode] = process.argv.slice(2);
const catalog = await HiveCatalog.open(path);
for (let turn = 0; turn < 5; turn++) await turnOfTheLoop();
console.log(mode === "waits" ? await catalog.gpuRows.derive() : catalog.gpuRows.left > 0);
