/**
 * For each seed that it reads: copies a sound catalog, writes noise into the copy, calls every method of it and answers, as JSON, with what
 * no caller may ever see. A process of its own, because a binding that aborts would take the whole test run with it.
 */
import { closeSync, copyFileSync, fstatSync, openSync, rmSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { HiveCatalog, HiveCatalogError, type HiveRecord } from "../../src/index.ts";
import { aHive } from "../../src/testing.ts";
import { Random } from "../random.ts";
import { allOf } from "../stream.ts";

const PAGE_BYTES = 4096;
const REFUSALS = ["CATALOG_CORRUPT", "CORRUPT_HIVE"];
const DEVICES = { cpu: { cores: 3, ramGb: 3 }, gpus: [] };

const [template = ""] = process.argv.slice(2);
const sound = new Map<string, HiveRecord>();
{
  await using catalog = await HiveCatalog.open(template);
  for (const hive of await catalog.listHives()) sound.set(hive.id, hive);
}

/** Noise in one to three pages: a whole page, or a run of bytes in it; random bytes or zeros. */
function damage(path: string, random: Random): void {
  const file = openSync(path, "r+");
  const pages = Math.floor(fstatSync(file).size / PAGE_BYTES);
  for (let hits = random.integer(1, 3); hits > 0; hits--) {
    const length = random.pick([1, 4, 16, 64, 256, 1024, PAGE_BYTES]);
    // The first page is for those who open a file; here the catalog was open already.
    const start = random.integer(1, pages - 1) * PAGE_BYTES + random.integer(0, PAGE_BYTES - length);
    const isZero = random.integer(0, 3) === 0;
    writeSync(file, Buffer.from(Array.from({ length }, () => (isZero ? 0 : random.integer(0, 255)))), 0, length, start);
  }
  closeSync(file);
}

class Witness {
  readonly problems: string[] = [];
  refusals = 0;
  calls = 0;

  /** Runs a call; what it answers is judged, and what it throws must be one of the refusals. */
  async expect<Result>(
    name: string,
    call: () => Promise<Result>,
    judge: (result: Result) => string | undefined,
  ): Promise<void> {
    this.calls++;
    try {
      const problem = judge(await call());
      if (problem !== undefined) this.problems.push(`${name}: ${problem}`);
    } catch (error) {
      this.refusals++;
      if (error instanceof HiveCatalogError && REFUSALS.includes(error.code)) return;
      if (error instanceof Error && error.message.includes("could not be reached"))
        console.error((error.cause as Error).stack);
      this.problems.push(
        `${name} threw ${error instanceof HiveCatalogError ? `${error.code}: ${error.message}` : error}`,
      );
    }
  }
}

const isSame = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right);

function judgeRecord(hive: HiveRecord | undefined, id: string): string | undefined {
  if (hive === undefined) return `hive ${id} is missing`;
  return isSame(hive, sound.get(id)) ? undefined : `wrong record ${JSON.stringify(hive)}`;
}

function judgeList(hives: HiveRecord[], reported: number, wanted: (hive: HiveRecord) => boolean): string | undefined {
  for (const hive of hives) {
    const expected = sound.get(hive.id);
    if (!isSame(hive, expected)) return `wrong record ${JSON.stringify(hive)}`;
    if (!wanted(hive)) return `hive ${hive.id} does not belong here`;
  }
  const all = [...sound.values()].filter(wanted).length;
  return hives.length + reported < all ? `${hives.length} hives and ${reported} damaged ones of ${all}` : undefined;
}

async function readAll(catalog: HiveCatalog, witness: Witness, ids: string[]): Promise<void> {
  const finders: [string, (onCorruptHive: () => void) => Promise<HiveRecord[]>, (hive: HiveRecord) => boolean][] = [
    ["listHives", (onCorruptHive) => catalog.listHives({ onCorruptHive }), () => true],
    ["streamHives", (onCorruptHive) => allOf(catalog.streamHives({ pageSize: 50, onCorruptHive })), () => true],
    [
      "findOnlineHives",
      (onCorruptHive) => catalog.findOnlineHives({ onCorruptHive }),
      ({ status }) => status === "online",
    ],
    [
      "findOfflineHives",
      (onCorruptHive) => catalog.findOfflineHives({ onCorruptHive }),
      ({ status }) => status === "offline",
    ],
    ["findStaleHives", (onCorruptHive) => catalog.findStaleHives(1, { onCorruptHive }), () => true],
    [
      "findHivesWithDevices",
      (onCorruptHive) => catalog.findHivesWithDevices({ onCorruptHive }),
      ({ devices }) => devices !== null,
    ],
    [
      "findHivesWithoutDevices",
      (onCorruptHive) => catalog.findHivesWithoutDevices({ onCorruptHive }),
      ({ devices }) => devices === null,
    ],
  ];
  for (const [name, find, wanted] of finders) {
    let reported = 0;
    const count = () => {
      reported++;
    };
    await witness.expect(
      name,
      () => find(count),
      (hives) => judgeList(hives, reported, wanted),
    );
  }
  await witness.expect(
    "countHives",
    () => catalog.countHives(),
    (count) => (count === sound.size ? undefined : `${count}`),
  );
  await witness.expect(
    "countByStatus",
    () => catalog.countByStatus("online"),
    (count) =>
      count === [...sound.values()].filter(({ status }) => status === "online").length ? undefined : `${count}`,
  );
  for (const id of ids) {
    await witness.expect(
      "getHive",
      () => catalog.getHive(id),
      (hive) => judgeRecord(hive, id),
    );
    await witness.expect(
      "hiveExists",
      () => catalog.hiveExists(id),
      (isThere) => (isThere ? undefined : `not ${id}`),
    );
  }
}

async function writeAll(catalog: HiveCatalog, witness: Witness, ids: string[], random: Random): Promise<void> {
  const fine = () => undefined;
  for (const id of ids) {
    const beatMs = random.integer(1, 1000) + (sound.get(id)?.lastHeartbeatMs ?? 0);
    const changes: [string, () => Promise<unknown>][] = [
      ["updateHeartbeat", () => catalog.updateHeartbeat(id, beatMs)],
      [
        "updateHeartbeat in a group",
        () => Promise.all([id, ids.at(-1) ?? id].map((one) => catalog.updateHeartbeat(one, beatMs))),
      ],
      ["updateHiveStatus", () => catalog.updateHiveStatus(id, "offline")],
      ["updateDevices", () => catalog.updateDevices(id, DEVICES)],
      ["patchHive", () => catalog.patchHive(id, { port: 7 })],
      ["updateHive", () => catalog.updateHive(aHive({ id }))],
      ["markOffline", () => catalog.markOffline(id, 1)],
      ["addHive", () => catalog.addHive(aHive({ id: `new-${id}` }))],
      ["removeHive", () => catalog.removeHive(id)],
    ];
    for (const [name, change] of changes) await witness.expect(name, change, fine);
  }
}

async function tryNoise(seed: number): Promise<Witness> {
  const random = new Random(seed);
  const witness = new Witness();
  const path = `${template}-${seed}`;
  copyFileSync(template, path);
  const openFirst = random.integer(0, 1) === 0;
  if (!openFirst) damage(path, random);
  await witness.expect(
    "open",
    () => HiveCatalog.open(path, { onCorruptHive: () => undefined }),
    () => undefined,
  );
  const catalog = await HiveCatalog.open(path, { onCorruptHive: () => undefined }).catch(() => undefined);
  if (openFirst) damage(path, random);
  if (catalog !== undefined) {
    const ids = [...new Set(Array.from({ length: 15 }, () => random.pick([...sound.keys()])))];
    await readAll(catalog, witness, ids);
    await writeAll(catalog, witness, ids, random);
    await witness.expect(
      "close",
      () => catalog.close(),
      () => undefined,
    );
  }
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  return witness;
}

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const { problems, refusals, calls } = await tryNoise(Number(line));
  console.log(JSON.stringify({ problems, refusals, calls }));
}
