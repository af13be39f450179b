import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { closedPort } from "@repo/test-support/closed-port";
import { expect, onTestFinished, test } from "vitest";
import { refusalOf } from "../../test/refusal.ts";
import { HiveCatalog } from "../catalog.ts";
import { backupCatalog, restoreCatalog } from "../maintenance/backup.ts";
import { checkCatalog } from "../maintenance/check.ts";
import { catalogInfo } from "../maintenance/info.ts";
import { aHive, temporaryFolder } from "../testing.ts";
import { databaseUrl, parseLocation, redacted } from "./location.ts";

test.each([
  ["./data/hives.db", resolve("data/hives.db")],
  ["hives.db", resolve("hives.db")],
  ["/var/lib/hives.db", "/var/lib/hives.db"],
  ["/var/lib/my hives?#%20.db", "/var/lib/my hives?#%20.db"],
  ["file:./data/hives.db", resolve("data/hives.db")],
  ["file:data/hives.db", resolve("data/hives.db")],
  ["file:/var/lib/hives.db", "/var/lib/hives.db"],
  ["file:///var/lib/hives.db", "/var/lib/hives.db"],
  ["file:///var/lib/my%20hives.db", "/var/lib/my hives.db"],
  ["FILE:///var/lib/hives.db", "/var/lib/hives.db"],
  ["a:b.db", resolve("a:b.db")],
])("%s is the file %s", (location, path) => {
  expect(parseLocation(location)).toEqual({ kind: "file", path });
  expect(databaseUrl(location)).toBe(pathToFileURL(path).href);
});

test.each(["libsql://catalog.example.org", "http://127.0.0.1:8080", "https://h/x?tls=1", "ws://h", "wss://h"])(
  "%s is a server",
  (url) => {
    expect(parseLocation(url)).toEqual({ kind: "server", url });
    expect(databaseUrl(url)).toBe(url);
  },
);

test.each([":MEMORY:", ":memory:?cache=shared", ":memory:x", "file::Memory:", "file::memory:.db"])(
  "%s is neither memory nor a file",
  (location) => {
    expect(() => parseLocation(location)).toThrow(/must be ':memory:' and nothing more/);
  },
);

test.each([":memory:", "file::memory:"])("%s is memory, and makes no file of that name", async (location) => {
  expect(parseLocation(location)).toEqual({ kind: "memory" });
  expect(databaseUrl(location)).toBe(":memory:");
  await using catalog = await HiveCatalog.open(location);
  await catalog.addHive(aHive());
  expect(existsSync(":memory:")).toBe(false);
});

test.each([
  "",
  "a\0b",
  "a\uD800b",
  "postgres://localhost/hives",
  "mysql:x",
  "http://",
  "https://[::1",
  "file:hives.db?mode=memory",
  "file:///x#y",
  "file://server/share/hives.db",
  "file:///x%ff",
  "file:%",
  "file:hives%00.db",
  "file:///var/lib/hives.db%00",
  " hives.db",
  "hives.db\n",
  " :memory:",
  "libsql:db.example.org",
  "libsql:/db.example.org",
  "libsql:///db.example.org",
  "http:db.example.org",
  "http:/db.example.org",
  "https://",
  "https:\\\\db.example.org",
  "://db.example.org",
  "db.example.org?authToken=a",
  5,
  null,
  undefined,
  {},
])("the location %j is refused with INVALID_ARGUMENT that names it", async (location) => {
  const error = await refusalOf(HiveCatalog.open(location as string));
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "location" }] });
});

test.each([
  ['"file:/data/hives.db"', "quotes"],
  ["'/data/hives.db'", "quotes"],
  ['data/hives.db"', "quotes"],
  ['file:"/data/hives.db"', "quotes"],
  ['http://127.0.0.1:8080"', "quotes"],
  ["`hives.db`", "quotes"],
  ["“hives.db”", "quotes"],
  ["‘hives.db", "quotes"],
  ["file:«hives.db»", "quotes"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: nobody has replaced it
  ["data/${NAME}.db", "a variable"],
  ["data/$(hostname).db", "a command"],
  ["~/hives.db", "'~'"],
  ["~", "'~'"],
  ["~queen/hives.db", "'~'"],
  ["file:~/hives.db", "'~'"],
  ["$HOME/hives.db", "a variable"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: nobody has replaced it
  ["file:${HOME}/hives.db", "a variable"],
])("%s, which no shell has read, is refused and made nowhere", async (location, said) => {
  await using folder = await temporaryFolder();
  const before = process.cwd();
  process.chdir(folder.path);
  onTestFinished(() => process.chdir(before));
  const error = await refusalOf(HiveCatalog.open(location));
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ message: expect.stringContaining(said) }] });
  expect(readdirSync(folder.path)).toEqual([]);
});

test.each(["it's here/hives.db", "it’s here/hives.db", "a~/hives.db", "~hives.db", "price$/hives.db", "a/$1.db"])(
  "%s is a path",
  (location) => {
    expect(parseLocation(location)).toEqual({ kind: "file", path: resolve(location) });
  },
);

test.each([
  ["libsql://user:secret@h/x?authToken=secret", "libsql://h/x"],
  ["https://h:8080/?token=secret", "https://h:8080/"],
  ["postgres://user:secret@h/x", "postgres://h/x"],
  ["/var/lib/hives.db", "/var/lib/hives.db"],
  ["/var/lib/my hives?#%20@.db", "/var/lib/my hives?#%20@.db"],
  ["file:/data/a@b.db?x", "file:/data/a@b.db"],
])("%s is shown as %s", (location, shown) => {
  expect(redacted(location)).toBe(shown);
});

/** Each holds a secret. */
const ODD_SPELLINGS = [
  "libsql:db?authToken=SEKRIT",
  "libsql:/db?authToken=SEKRIT",
  "libsql:///db?authToken=SEKRIT",
  "libsql://?authToken=SEKRIT",
  " libsql://db/?authToken=SEKRIT",
  "libsql://db/?authToken=SEKRIT\n",
  "\tlibsql:db?authToken=SEKRIT",
  "LIBSQL:db#SEKRIT",
  "libsql:\\\\db?authToken=SEKRIT",
  "libsql:user:SEKRIT@db",
  " libsql://user:SEKRIT@db",
  "libsql://user:SEKRIT@[db",
  "libsql://user:p?SEKRIT@db",
  "libsql://db:port?authToken=SEKRIT@x",
  "http:user:SEKRIT@db?token=SEKRIT",
  "wss:/user:SEKRIT@db",
  "postgres:user:SEKRIT@db/x?password=SEKRIT",
  "user:SEKRIT@db.example.org",
  "file:x.db?authToken=SEKRIT",
  " file:x.db?authToken=SEKRIT",
  "file:///x.db#SEKRIT",
  "file://user:SEKRIT@host/x.db",
  "x.db?authToken=SEKRIT",
  "://db?authToken=SEKRIT",
  "lib sql://user:SEKRIT@db",
  '"libsql://db?authToken=SEKRIT"',
  "libsql%3A//db?authToken=SEKRIT",
];

test.each(ODD_SPELLINGS)(
  "%j is refused wherever a location is asked for, and its secret is shown nowhere",
  async (odd) => {
    expect(redacted(odd)).not.toContain("SEKRIT");
    const refusals = [
      HiveCatalog.open(odd),
      checkCatalog(odd),
      catalogInfo(odd),
      backupCatalog(odd, "/nowhere/backup.db"),
      backupCatalog("/nowhere/hives.db", odd),
      restoreCatalog("/nowhere/backup.db", odd),
      restoreCatalog(odd, "/nowhere/hives.db"),
      Promise.resolve().then(() => databaseUrl(odd)),
    ].map(refusalOf);
    for (const refusal of await Promise.all(refusals)) {
      expect(refusal.code).toBe("INVALID_ARGUMENT");
      expect(inspect(refusal, { depth: 20, showHidden: true })).not.toContain("SEKRIT");
    }
  },
);

test.each([
  ["libsql:db.example.org", "libsql://db.example.org"],
  ["https:/db.example.org?tls=1", "https://db.example.org"],
  ["http:///db.example.org:8080", "http://db.example.org:8080"],
])("%s is refused with what was meant, %s", (location, meant) => {
  expect(() => parseLocation(location)).toThrow(`with two slashes and a host, such as ${meant}`);
});

test("a refused URL does not show its password", async () => {
  const error = await refusalOf(HiveCatalog.open("postgres://user:secret@h/x"));
  expect(error.message).not.toContain("secret");
});

test("a server that does not answer is CATALOG_UNAVAILABLE, and the token is not shown", async () => {
  const options = { authToken: "secret", requestTimeoutMs: 300 };
  await using nobody = await closedPort();
  const error = await refusalOf(HiveCatalog.open(nobody.url, options));
  expect(error.code).toBe("CATALOG_UNAVAILABLE");
  expect(error.message).not.toContain("secret");
});

test("no error shows a password or token that stands in a URL", async () => {
  const error = await refusalOf(HiveCatalog.open("http://user:secret@127.0.0.1:1?token=secret"));
  expect(error.message).not.toContain("secret");
});

test(":memory: is a catalog of its own for each open, gone when it is closed", async () => {
  await using one = await HiveCatalog.open(":memory:");
  await using two = await HiveCatalog.open(":memory:");
  await one.addHive(aHive());
  await one.updateHeartbeat(aHive().id, 5);
  expect(await one.countHives()).toBe(1);
  expect(await two.countHives()).toBe(0);
});

test("a path and its file: URL are one catalog, in a folder with odd characters too", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "my hives?#%20ü", "hives.db");
  await using byPath = await HiveCatalog.open(path);
  await byPath.addHive(aHive());
  await using byUrl = await HiveCatalog.open(pathToFileURL(path).href);
  expect(await byUrl.listHives()).toEqual([aHive()]);
});

test.each([-1, 1.5, Number.NaN, "5000", null])(
  "a busyTimeoutMs of %j is refused with INVALID_ARGUMENT",
  async (value) => {
    const error = await refusalOf(HiveCatalog.open(":memory:", { busyTimeoutMs: value as number }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "busyTimeoutMs" }] });
  },
);
