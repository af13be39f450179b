import { HiveCatalog } from "@repo/hive-catalog";

/** Changes hives in a catalog file, the change of each number to something that was not there before: `other-program.ts FILE FROM TO`. */
const [, , file = "", from = "0", to = "0"] = process.argv;
await using catalog = await HiveCatalog.open(file);

const CHANGES: ((id: string, n: number) => Promise<unknown>)[] = [
  (id, n) => catalog.labels.patch(id, { other: `${n}`, rack: n % 2 ? `r${n}` : null }),
  (id, n) => catalog.patchHive(id, { sshHost: `10.0.0.${n % 250}`, sshPort: 1 + n, sshUser: "root" }),
  (id, n) => catalog.updateDevices(id, { cpu: { cores: 1 + n, ramGb: 64 }, gpus: [] }),
  (id, n) => catalog.patchHive(id, { host: "127.0.0.1", port: 1 + (n % 60_000), labels: { moved: `${n}` } }),
  (id, n) => catalog.cordons.set(id, { reason: `fan ${n}` }),
  (id) => catalog.cordons.lift(id),
  (id, n) => catalog.removeHive(id).then(() => catalog.addHive({ id, host: "127.0.0.1", port: 1 + (n % 60_000) })),
  (_id, n) => catalog.addHive({ id: `of-other-${n}`, host: "127.0.0.1", port: 8600 }),
  (_id, n) => catalog.removeHive(`of-other-${n - 8}`),
];

for (let n = Number(from); n < Number(to); n++) {
  const ids = (await catalog.listHives()).map(({ id }) => id);
  const id = ids[(n * 7) % ids.length];
  const change = CHANGES[n % CHANGES.length];
  // The queen's own callers remove hives meanwhile.
  await change?.(id ?? "", n).catch((error: { code?: string }) => {
    if (error.code !== "HIVE_NOT_FOUND" && error.code !== "HIVE_ALREADY_EXISTS") throw error;
  });
}
