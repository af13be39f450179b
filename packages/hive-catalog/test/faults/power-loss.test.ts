import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../src/testing.ts";
import { RUN_TYPESCRIPT } from "../processes.ts";

const WORKER = fileURLToPath(new URL("../workers/durable-writer.ts", import.meta.url));
const SINGLE_CHANGES = 8;
const GROUP = 50;

type Event = { kind: "begin" | "answered"; change: string } | { kind: "sync" | "write"; change: undefined };

/** What the process did to the catalog's files and said on stdout, in order, as the kernel saw it. */
function eventsOf(trace: string, path: string): Event[] {
  return trace.split("\n").flatMap((line): Event[] => {
    const [, kind, change] = /write\(1<[^>]*>, "(begin|answered) (\w+)\\n"/.exec(line) ?? [];
    if (kind === "begin" || kind === "answered") return [{ kind, change: change ?? "" }];
    if (!line.includes(`<${path}>`) && !line.includes(`<${path}-wal>`)) return [];
    if (/\bf(?:data)?sync\(.*\)\s*= 0$/.test(line)) return [{ kind: "sync", change: undefined }];
    return /\bpwrite(?:64|v)?\(/.test(line) ? [{ kind: "write", change: undefined }] : [];
  });
}

test("each change is written and then synced to the disk before its answer, alone and in a group", async () => {
  await using folder = await temporaryFolder();
  const [path, output] = [join(folder.path, "hives.db"), join(folder.path, "trace")];
  const calls = "trace=fdatasync,fsync,write,pwrite64,pwritev";
  const { status, stderr, error } = spawnSync(
    "strace",
    [
      "-f",
      "-y",
      "-qq",
      "-e",
      calls,
      "-e",
      "signal=none",
      "-o",
      output,
      process.execPath,
      ...RUN_TYPESCRIPT,
      WORKER,
      path,
    ],
    { encoding: "utf8", timeout: 50_000 },
  );
  if (error) throw new Error(`this test needs strace, from the package of that name: ${error.message}`);
  expect(status, stderr).toBe(0);

  const answeredAfter = new Map<string, string[][]>();
  let since: string[] = [];
  for (const { kind, change } of eventsOf(readFileSync(output, "utf8"), path)) {
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
