/** Opens a catalog once, in a process of its own. Prints JSON. */
export type Opened = { loadingMs: number; openingMs: number };

const [path = ""] = process.argv.slice(2);
const startedMs = performance.now();
const { HiveCatalog } = await import("@repo/hive-catalog");
const loadedMs = performance.now();
const catalog = await HiveCatalog.open(path);
const openedMs = performance.now();
await catalog.close();
const opened: Opened = { loadingMs: loadedMs - startedMs, openingMs: openedMs - loadedMs };
process.stdout.write(JSON.stringify(opened));
