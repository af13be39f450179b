import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleOf } from "../../../../scripts/build/cache.js";
import { HiveCatalog } from "../../src/index.ts";
import { temporaryFolder } from "../../src/testing.ts";

const WORKER = await bundleOf(fileURLToPath(new URL("../workers/durable-writer.ts", import.meta.url)));
const CATALOG = await bundleOf(fileURLToPath(new URL("../../scripts/catalog.ts", import.meta.url)));
const SINGLE_CHANGES = 8;
const GROUP = 50;

type Event = { kind: "begin" | "answered"; change: string } | { kind: "sync" | "write"; change: undefined };

/** One line for each call, where it ended: strace writes two when another thread makes a call meanwhile. */
function callsOf(trace: string): string[] {
  const begun = new Map<string, string>();
  return trace.split("\n").flatMap((line) => {
    const [, thread = "", call = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (call.endsWith(" <unfinished ...>")) {
      begun.set(thread, call.slice(0, -" <unfinished ...>".length));
      return [];
    }
    return [call.replace(/^<\.\.\. \w+ resumed>/, () => begun.get(thread) ?? "")];
  });
}

/** What the process did to the catalog's files and said on stdout, in order, as the kernel saw it. */
function eventsOf(trace: string, path: string): Event[] {
  return callsOf(trace).flatMap((line): Event[] => {
    const [, kind, change] = /write\(1<[^>]*>, "(begin|answered) (\w+)\\n"/.exec(line) ?? [];
    if (kind === "begin" || kind === "answered") return [{ kind, change: change ?? "" }];
    if (!line.includes(`<${path}>`) && !line.includes(`<${path}-wal>`)) return [];
    if (/\bf(?:data)?sync\(.*\)\s*= 0$/.test(line)) return [{ kind: "sync", change: undefined }];
    return /\bpwrite(?:64|v)?\(/.test(line) ? [{ kind: "write", change: undefined }] : [];
  });
}

/** Runs Node, and returns what the kernel saw of its writes, syncs and names of files. */
function traced(folder: string, args: readonly string[]): string {
  const output = join(folder, "trace");
  const calls = "trace=fdatasync,fsync,write,pwrite64,pwritev,link,rename";
  const strace = ["-f", "-y", "-qq", "-e", calls, "-e", "signal=none", "-o", output];
  const { status, stderr, error } = spawnSync("strace", [...strace, process.execPath, ...args], {
    encoding: "utf8",
    timeout: 50_000,
  });
  if (error) throw new Error(`this test needs strace, from the package of that name: ${error.message}`);
  expect(status, stderr).toBe(0);
  return readFileSync(output, "utf8");
}

test("each change is written and then synced to the disk before its answer, alone and in a group", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  const trace = traced(folder.path, [WORKER, path]);

  const answeredAfter = new Map<string, string[][]>();
  let since: string[] = [];
  for (const { kind, change } of eventsOf(trace, path)) {
    if (kind === "begin") since = [];
    else if (kind === "answered") answeredAfter.set(change, [...(answeredAfter.get(change) ?? []), since]);
    else since = [...since, kind];
  }
  expect(answeredAfter.size).toBe(SINGLE_CHANGES + 1);
  expect(answeredAfter.get("group")).toHaveLength(GROUP);
  for (const [change, answers] of answeredAfter) {
    for (const done of answers) {
      expect(done, `before the answer of ${change}`).toContain("write");
      expect(done.lastIndexOf("sync"), `the sync before the answer of ${change}`).toBeGreaterThan(
        done.lastIndexOf("write"),
      );
    }
  }
}, 60_000);

test("a copy is whole on the disk before it gets its name, and the name before it is done", async () => {
  await using folder = await temporaryFolder();
  const [path, backup] = [join(folder.path, "hives.db"), join(folder.path, "backup.db")];
  const catalog = await HiveCatalog.open(path);
  await catalog.addHive({ id: "hive-1", host: "127.0.0.1", port: 8600 });
  await catalog.close();

  const named = (trace: string) => {
    const done = callsOf(trace).flatMap((line) => {
      if (/\bpwrite(?:64|v)?\(\d+<[^>]*\.partial-/.test(line)) return ["write"];
      if (/\bfsync\(\d+<[^>]*\.partial-[^>]*>\)\s*= 0$/.test(line)) return ["sync"];
      if (/\b(?:link|rename)\("[^"]*\.partial-.*= 0$/.test(line)) return ["name"];
      return line.includes(`<${folder.path}>) `) ? ["sync of the folder"] : [];
    });
    return done.slice(done.lastIndexOf("write"));
  };
  const backUp = [CATALOG, "backup", backup, "--database", path];
  expect(named(traced(folder.path, backUp))).toEqual(["write", "sync", "name", "sync of the folder"]);
  const replaced = named(traced(folder.path, [...backUp, "--force"])).join(", ");
  expect(replaced).toMatch(/^write, (?:sync, )+sync of the folder, name, sync of the folder$/);
}, 60_000);
