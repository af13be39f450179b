/**
 * For each seed that it reads: copies a sound catalog, writes noise into the copy, calls every method of it and answers, as JSON, with what
 * no caller may ever see. A process of its own, because a binding that aborts would take the whole test run with it.
 */
import { closeSync, copyFileSync, fstatSync, openSync, rmSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import Database from "libsql";
import { HiveCatalog, HiveCatalogError, type HiveRecord } from "../../src/index.ts";
import { aHive } from "../../src/testing.ts";
import { Random } from "../random.ts";
import { allOf } from "../stream.ts";

const PAGE_BYTES = 4096;
const REFUSALS = ["CATALOG_CORRUPT", "CORRUPT_HIVE"];
const DEVICES = { cpu: { cores: 3, ramGb: 3 }, gpus: [] };

const [template = ""] = process.argv.slice(2);
const sound = new Map<string, HiveRecord>();
/** What is compared, as texts: it is compared thousands of times. */
const soundTexts = new Map<string, string>();
{
  await using catalog = await HiveCatalog.open(template);
  for (const hive of await catalog.listHives()) {
    sound.set(hive.id, hive);
    soundTexts.set(hive.id, JSON.stringify(hive));
  }
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

const COLUMNS =
  "hex(concat(id, host, port, ssh_host, ssh_port, ssh_user, status, last_heartbeat_ms, devices_json, created_at_ms, updated_at_ms))";
const ROWS = `SELECT ${COLUMNS} FROM hives`;

/** A query, or several, of which the later ones come from the rows of those before. */
type Queries = string | ((run: (query: string) => unknown[][]) => void);

/** The hives in pages as a stream reads them: a search in a damaged index may lead past pages that a reading of the whole meets. */
const inPages: Queries = (run) => {
  for (let afterHex = ""; ; ) {
    const rows = run(
      `SELECT hex(id), ${COLUMNS} FROM hives WHERE id > CAST(x'${afterHex}' AS TEXT) ORDER BY id LIMIT 50`,
    );
    if (rows.length < 50) return;
    afterHex = String(rows.at(-1)?.[0]);
  }
};

/**
 * Whether SQLite finds no fault with the pages that these queries read: a page has no checksum, so it cannot see every noise. A schema that is
 * damaged says nothing of them: who opened the catalog before has read it.
 */
function isSilent(path: string, queries: Queries): boolean {
  const database = new Database(path);
  const run = (query: string) => database.prepare(query).raw(true).all() as unknown[][];
  try {
    database.exec("PRAGMA cell_size_check = ON");
    if (typeof queries === "string") run(queries);
    else queries(run);
    return true;
  } catch (error) {
    return String(error).includes("malformed database schema");
  } finally {
    database.close();
  }
}

class Witness {
  readonly problems: string[] = [];
  /** Wrong answers that SQLite itself gives without a complaint. */
  unseen = 0;
  refusals = 0;
  calls = 0;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Runs a call; what it answers is judged, and what it throws must be one of the refusals. `queries` read what it is about. */
  async expect<Result>(
    name: string,
    queries: Queries,
    call: () => Promise<Result>,
    judge: (result: Result) => string | undefined = () => undefined,
  ): Promise<void> {
    this.calls++;
    try {
      const problem = judge(await call());
      if (problem !== undefined) this.#complain(`${name}: ${problem}`, queries);
    } catch (error) {
      const { code, message } = error instanceof HiveCatalogError ? error : { code: "raw", message: String(error) };
      if (REFUSALS.includes(code)) this.refusals++;
      else if (code === "HIVE_NOT_FOUND") this.#complain(`${name}: ${message}`, queries);
      else this.problems.push(`${name} threw ${code}: ${message}`);
    }
  }

  #complain(problem: string, queries: Queries): void {
    if (isSilent(this.#path, queries)) this.unseen++;
    else this.problems.push(problem);
  }
}

const isSound = (hive: HiveRecord, id = hive.id) => JSON.stringify(hive) === soundTexts.get(id);

function judgeRecord(hive: HiveRecord | undefined, id: string): string | undefined {
  if (hive === undefined) return `hive ${id} is missing`;
  return isSound(hive, id) ? undefined : `wrong record ${JSON.stringify(hive)}`;
}

function judgeList(hives: HiveRecord[], reported: number, wanted: (hive: HiveRecord) => boolean): string | undefined {
  for (const hive of hives) {
    if (!isSound(hive)) return `wrong record ${JSON.stringify(hive)}`;
    if (!wanted(hive)) return `hive ${hive.id} does not belong here`;
  }
  const all = [...sound.values()].filter(wanted).length;
  return hives.length + reported < all ? `${hives.length} hives and ${reported} damaged ones of ${all}` : undefined;
}

async function readAll(catalog: HiveCatalog, witness: Witness, ids: string[]): Promise<void> {
  type Find = (options: { onCorruptHive: () => void }) => Promise<HiveRecord[]>;
  const finders: [string, Queries, Find, (hive: HiveRecord) => boolean][] = [
    ["listHives", `${ROWS} ORDER BY id`, (options) => catalog.listHives(options), () => true],
    ["streamHives", inPages, (options) => allOf(catalog.streamHives({ ...options, pageSize: 50 })), () => true],
    [
      "findOnlineHives",
      `${ROWS} WHERE status = 'online' ORDER BY id`,
      (options) => catalog.findOnlineHives(options),
      ({ status }) => status === "online",
    ],
    [
      "findOfflineHives",
      `${ROWS} WHERE status = 'offline' ORDER BY id`,
      (options) => catalog.findOfflineHives(options),
      ({ status }) => status === "offline",
    ],
    [
      "findStaleHives",
      `${ROWS} WHERE last_heartbeat_ms < ${Date.now() - 1} ORDER BY last_heartbeat_ms, id`,
      (options) => catalog.findStaleHives(1, options),
      () => true,
    ],
    [
      "findHivesWithDevices",
      `${ROWS} WHERE devices_json IS NOT NULL ORDER BY id`,
      (options) => catalog.findHivesWithDevices(options),
      ({ devices }) => devices !== null,
    ],
    [
      "findHivesWithoutDevices",
      `${ROWS} WHERE devices_json IS NULL ORDER BY id`,
      (options) => catalog.findHivesWithoutDevices(options),
      ({ devices }) => devices === null,
    ],
  ];
  for (const [name, queries, find, wanted] of finders) {
    let reported = 0;
    const onCorruptHive = () => {
      reported++;
    };
    await witness.expect(
      name,
      queries,
      () => find({ onCorruptHive }),
      (hives) => judgeList(hives, reported, wanted),
    );
  }
  const judgeCount = (expected: number) => (count: number) =>
    count === expected ? undefined : `${count} of ${expected}`;
  const online = [...sound.values()].filter(({ status }) => status === "online").length;
  await witness.expect("countHives", "SELECT count(*) FROM hives", () => catalog.countHives(), judgeCount(sound.size));
  await witness.expect(
    "countByStatus",
    "SELECT count(*) FROM hives WHERE status = 'online'",
    () => catalog.countByStatus("online"),
    judgeCount(online),
  );
  for (const id of ids) {
    await witness.expect(
      "getHive",
      `${ROWS} WHERE id = '${id}'`,
      () => catalog.getHive(id),
      (hive) => judgeRecord(hive, id),
    );
    const judge = (isThere: boolean) => (isThere ? undefined : `not ${id}`);
    await witness.expect("hiveExists", `${ROWS} WHERE id = '${id}'`, () => catalog.hiveExists(id), judge);
  }
}

async function changeAll(catalog: HiveCatalog, witness: Witness, ids: string[]): Promise<void> {
  for (const id of ids) {
    const beatMs = 1 + (sound.get(id)?.lastHeartbeatMs ?? 0);
    const both = [id, ids.at(-1) ?? id];
    const changes: [string, () => Promise<unknown>][] = [
      ["updateHeartbeat", () => catalog.updateHeartbeat(id, beatMs)],
      ["updateHeartbeat in a group", () => Promise.all(both.map((one) => catalog.updateHeartbeat(one, beatMs)))],
      ["updateHiveStatus", () => catalog.updateHiveStatus(id, "offline")],
      ["updateDevices", () => catalog.updateDevices(id, DEVICES)],
      ["patchHive", () => catalog.patchHive(id, { port: 7 })],
      ["updateHive", () => catalog.updateHive(aHive({ id }))],
      ["markOffline", () => catalog.markOffline(id, 1)],
      ["addHive", () => catalog.addHive(aHive({ id: `new-${id}` }))],
      ["removeHive", () => catalog.removeHive(id)],
    ];
    for (const [name, change] of changes)
      await witness.expect(name, `${ROWS} WHERE id IN ('${both.join("', '")}')`, change);
  }
}

async function tryNoise(seed: number): Promise<Witness> {
  const random = new Random(seed);
  const path = `${template}-${seed}`;
  const witness = new Witness(path);
  copyFileSync(template, path);
  const isLive = random.integer(0, 2) > 0;
  if (!isLive) damage(path, random);
  await witness.expect("open", "", async () => {
    const catalog = await HiveCatalog.open(path, { onCorruptHive: () => undefined });
    if (isLive) damage(path, random);
    const ids = [...new Set(Array.from({ length: 12 }, () => random.pick([...sound.keys()])))];
    await readAll(catalog, witness, ids);
    await changeAll(catalog, witness, ids.slice(0, 2));
    await witness.expect("close", "", () => catalog.close());
  });
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  return witness;
}

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const { problems, unseen, refusals, calls } = await tryNoise(Number(line));
  console.log(JSON.stringify({ problems, unseen, refusals, calls }));
}
