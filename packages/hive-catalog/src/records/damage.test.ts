import { expect, test, vi } from "vitest";
import { anOperation, HASH, PUBLIC_KEY, withHives } from "../../test/behaviour/samples.ts";
import { CatalogFile } from "../../test/catalog-file.ts";
import { fieldsOf, refusalOf } from "../../test/refusal.ts";
import type { HiveCatalog } from "../catalog.ts";
import { backupCatalog, checkCatalog } from "../maintenance.ts";

/** BLOBs that pass for JSON where SQLite looks for it (null, an empty list, an empty object, 8600), texts that are none, and a fraction that JSON shows as a whole number. */
const BLOBS = ["x'00'", "x'0b'", "x'0c'", "x'4338363030'"];
const NO_TEXTS = [...BLOBS, "CAST(x'ff' AS TEXT)", "CAST(x'610062' AS TEXT)"];
const NO_INTEGERS = [...BLOBS, "1795880775482.001", "-1", "'soon'", "9007199254740993"];

type Table = {
  texts: readonly string[];
  integers: readonly string[];
  /** The columns by which one is read. */
  keys: readonly string[];
  add: (catalog: HiveCatalog) => Promise<unknown>;
  read: (catalog: HiveCatalog) => Promise<unknown>;
  list: (catalog: HiveCatalog) => Promise<readonly unknown[]>;
};

const TABLES: Record<string, Table> = {
  cordons: {
    texts: ["hive_id", "reason"],
    integers: ["until_ms", "created_at_ms"],
    keys: ["hive_id"],
    add: ({ cordons }) => cordons.set("a", { reason: "fans" }),
    read: ({ cordons }) => cordons.get("a"),
    // Something stands in for a damaged one.
    list: async ({ cordons }) => (await cordons.list()).filter(({ reason }) => reason === "fans"),
  },
  tokens: {
    texts: ["id", "name", "role", "hive_id", "hash"],
    integers: ["created_at_ms", "revoked_at_ms", "expires_at_ms", "last_used_at_ms"],
    keys: ["id"],
    add: ({ tokens }) => tokens.add({ id: "a", name: "A", role: "hive", hiveId: "a", hash: HASH }),
    read: ({ tokens }) => tokens.get("a"),
    list: ({ tokens }) => tokens.list(),
  },
  sessions: {
    texts: ["cookie_hash", "key_hash", "token_id"],
    integers: ["created_at_ms", "expires_at_ms"],
    keys: ["cookie_hash"],
    add: async (catalog) => {
      if ((await catalog.tokens.get("a")) === undefined) await TABLES.tokens?.add(catalog);
      const session = { cookieHash: HASH, keyHash: HASH, tokenId: "a", expiresAtMs: Date.now() + 60_000 };
      return await catalog.sessions.add(session);
    },
    read: ({ sessions }) => sessions.get(HASH),
    list: ({ sessions }) => sessions.list(),
  },
  operations: {
    texts: ["id", "hive_id", "kind", "state", "owner", "problem", "steps_json", "output_tail"],
    integers: ["created_at_ms", "deadline_ms", "finished_at_ms"],
    keys: ["id"],
    add: ({ operations }) => operations.begin(anOperation("a")),
    read: ({ operations }) => operations.get("a"),
    list: ({ operations }) => operations.list(),
  },
  host_keys: {
    texts: ["host", "key_type", "public_key"],
    integers: ["port", "pinned_at_ms"],
    keys: ["host", "port"],
    add: ({ hostKeys }) => hostKeys.pin({ host: "a", port: 22, keyType: "ssh-rsa", publicKey: PUBLIC_KEY }),
    read: ({ hostKeys }) => hostKeys.find("a", 22),
    list: ({ hostKeys }) => hostKeys.list(),
  },
};

const CASES = Object.entries(TABLES).flatMap(([table, { texts, integers }]) => [
  ...texts.map((column) => [table, column, NO_TEXTS] as const),
  ...integers.map((column) => [table, column, NO_INTEGERS] as const),
]);

test.each(CASES)("what %s.%s may not hold is told by lists and single reads", async (name, column, values) => {
  const { keys, add, read, list } = TABLES[name] as Table;
  await using file = await CatalogFile.migrated();
  await add(await withHives(file));
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  for (const value of values) {
    warn.mockClear();
    // A new one warns of what others have warned of.
    const catalog = await file.open();
    file.run(`UPDATE ${name} SET ${column} = ${value}`);
    expect(await list(catalog), value).toEqual([]);
    // A cordon whose hive is no text names none, and stands nowhere in the order of hives.
    const isNowhere = `${name}.${column}` === "cordons.hive_id" && value.startsWith("x");
    expect(
      warn.mock.calls.map(([text, kind]) => `${kind}: ${text}`),
      value,
    ).toEqual(isNowhere ? [] : [expect.stringMatching(new RegExp(`^CorruptRecordWarning: .*: ${column} must be `))]);
    if (keys.includes(column)) continue;
    const refusal = await refusalOf(read(catalog));
    expect(refusal.code, value).toBe("CORRUPT_RECORD");
    expect(fieldsOf(refusal), value).toEqual([column]);
  }
  warn.mockRestore();
});

/** It reads as lists do, in a thread that takes a while to start: one BLOB and one value of the right type stand for the others. */
test.each([0, -1])("a check tells of each column of all tables that holds what it may not (%i)", async (at) => {
  await using file = await CatalogFile.migrated();
  const catalog = await withHives(file);
  for (const { add } of Object.values(TABLES)) await add(catalog);
  for (const [table, { texts, integers }] of Object.entries(TABLES)) {
    const wrong = [
      ...texts.map((column) => `${column} = ${NO_TEXTS.at(at)}`),
      ...integers.map((column) => `${column} = ${NO_INTEGERS.at(at)}`),
    ];
    file.run(`UPDATE ${table} SET ${wrong.join(", ")}`);
  }
  const { isSound, recordDamage, damagedRecords } = await checkCatalog(file.path);
  expect({ isSound, damagedRecords }).toEqual({ isSound: false, damagedRecords: Object.keys(TABLES).length });
  const told = recordDamage.map(({ table, column }) => [table, column]);
  expect(told.sort()).toEqual(CASES.map(([table, column]) => [table, column]).sort());
});

test("a number in a column of text is the text that SQLite made of it", async () => {
  await using file = await CatalogFile.migrated();
  const catalog = await withHives(file);
  await TABLES.tokens?.add(catalog);
  await TABLES.cordons?.add(catalog);
  file.run("UPDATE tokens SET name = 1795880775482.001", "UPDATE cordons SET reason = 5");
  expect(await catalog.tokens.list()).toMatchObject([{ name: "1795880775482.0" }]);
  expect(await catalog.cordons.get("a")).toMatchObject({ reason: "5" });
});

test("what an earlier rule of input let in is read as it is; what is of no use is damage", async () => {
  await using file = await CatalogFile.migrated();
  const catalog = await withHives(file);
  for (const { add } of Object.values(TABLES)) await add(catalog);
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  file.run(
    "UPDATE tokens SET hive_id = NULL, name = 'two' || char(10) || 'lines'",
    "UPDATE cordons SET reason = 'שלום' || char(8207)",
    "UPDATE operations SET owner = char(8232)",
  );
  expect(await catalog.tokens.get("a")).toMatchObject({ role: "hive", hiveId: null, name: "two\nlines" });
  expect(await catalog.cordons.get("a")).toMatchObject({ reason: "שלום\u200f" });
  expect(await catalog.operations.unfinished()).toMatchObject([{ owner: "\u2028" }]);
  expect((await checkCatalog(file.path)).isSound).toBe(true);
  const damage = {
    tokens: ["role = 'root'", "hash = upper(hash)"],
    operations: [`steps_json = '[{"name":"copy"}]'`],
    host_keys: ["host = 'GPU.example'", "port = 0", "key_type = '-o'"],
  };
  const damagedColumns = Object.entries(damage).flatMap(([table, values]) =>
    values.map((value) => ({ table, column: value.split(" ")[0] })),
  );
  for (const [table, values] of Object.entries(damage)) file.run(`UPDATE ${table} SET ${values}`);
  for (const host of ["GPU.example", "gpu.example."]) {
    file.run(`UPDATE host_keys SET host = '${host}'`);
    expect((await checkCatalog(file.path)).recordDamage, host).toMatchObject(damagedColumns);
  }
  for (const table of Object.keys(damage)) expect(await TABLES[table]?.list(catalog), table).toEqual([]);
  warn.mockRestore();
});

test("the version of tokens is another one after a restore, whatever is added then", async () => {
  await using file = await CatalogFile.migrated();
  await using restored = await CatalogFile.create();
  const catalog = await withHives(file);
  const token = (id: string) => ({ id, name: id, role: "reader", hash: HASH }) as const;
  await catalog.tokens.add(token("a"));
  await backupCatalog(file.path, restored.path);
  await catalog.tokens.add(token("b"));
  const other = await restored.open();
  await other.tokens.add(token("c"));
  expect(await other.tokens.version()).not.toBe(await catalog.tokens.version());
});

test("past many damaged operations a page ends, and says where to go on", async () => {
  vi.spyOn(process, "emitWarning").mockReturnValue(undefined);
  await using file = await CatalogFile.migrated();
  await using catalog = await withHives(file);
  const { id } = await catalog.operations.begin(anOperation("a"));
  file.run(`WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 20100)
    INSERT INTO operations (id, hive_id, kind, state, owner, created_at_ms, deadline_ms, finished_at_ms, steps_json, output_tail)
    SELECT 'damaged-' || n, hive_id, kind, 'odd', owner, created_at_ms, deadline_ms, 1, steps_json, output_tail FROM operations, number`);
  const { operations, nextAfter } = await catalog.operations.find();
  expect({ operations, nextAfter }).toEqual({ operations: [], nextAfter: "damaged-101" });
  const rest = await catalog.operations.find({ after: nextAfter ?? "" });
  expect([rest.operations.map((operation) => operation.id), rest.nextAfter]).toEqual([[id], null]);
  expect(await catalog.operations.list()).toHaveLength(1);
});
