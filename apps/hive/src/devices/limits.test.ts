import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../testing.ts";
import { readCores, readMemory } from "./limits.ts";

const host = { cores: os.availableParallelism(), memoryBytes: os.totalmem() };

function rootWith(files: Record<string, string>): string {
  const root = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

test.each<[string, Record<string, string>, Partial<typeof host>]>([
  ["there are no control groups", {}, {}],
  [
    "they set no limit",
    { "proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.max": "max", "sys/fs/cgroup/cpu.max": "max 100000" },
    {},
  ],
  [
    "a container sees its own group as the root",
    { "proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.max": "1073741824", "sys/fs/cgroup/cpu.max": "100000 100000" },
    { memoryBytes: 2 ** 30, cores: 1 },
  ],
  [
    "a group above sets the limit, and a share of a core counts as one",
    {
      "proc/self/cgroup": "0::/ai.slice/hive.service",
      "sys/fs/cgroup/ai.slice/memory.max": "1073741824",
      "sys/fs/cgroup/ai.slice/hive.service/memory.max": "max",
      "sys/fs/cgroup/ai.slice/cpu.max": "20000 100000",
    },
    { memoryBytes: 2 ** 30, cores: 1 },
  ],
  [
    "its own service was given what an agent needs",
    {
      "proc/self/cgroup": "0::/ai.slice/hive.service",
      "sys/fs/cgroup/ai.slice/hive.service/memory.max": "268435456",
      "sys/fs/cgroup/ai.slice/hive.service/cpu.max": "20000 100000",
    },
    {},
  ],
  [
    "version 1 sets it, under a path that only the host has",
    {
      "proc/self/cgroup": "9:name=systemd:/\n4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824",
      "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
    },
    { memoryBytes: 2 ** 30, cores: 1 },
  ],
  [
    "version 1 sets none",
    {
      "proc/self/cgroup": "4:memory:/\n2:cpu:/",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
    },
    {},
  ],
  [
    "the limit is more than the host has",
    {
      "proc/self/cgroup": "0::/",
      "sys/fs/cgroup/memory.max": "999999999999999",
      "sys/fs/cgroup/cpu.max": "99900000 100000",
    },
    {},
  ],
])("what this process may use, where %s", (_where, files, less) => {
  const root = rootWith(files);
  expect({ cores: readCores(root), memoryBytes: readMemory(root).totalBytes }).toEqual({ ...host, ...less });
});

test("of one and a half cores two are used", () => {
  const root = rootWith({ "proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "150000 100000" });
  expect(readCores(root)).toBe(Math.min(2, host.cores));
});

test.each([
  ["version 2", "0::/", "sys/fs/cgroup/", "memory.max", "memory.current", "anon 1\ninactive_file 300\nactive_file 2"],
  [
    "version 1",
    "4:memory:/",
    "sys/fs/cgroup/memory/",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "inactive_file 1\ntotal_inactive_file 300",
  ],
])("in a container the memory in use is the container's, without what was read from files: %s", (...told) => {
  const [, groups, folder, limit, used, stat] = told;
  const files = { [`${folder}${limit}`]: "1073741824", [`${folder}${used}`]: "1000", [`${folder}memory.stat`]: stat };
  const root = rootWith({ "proc/self/cgroup": groups, ...files });
  expect(readMemory(root)).toEqual({ totalBytes: 2 ** 30, usedBytes: 700 });
});

test("what a Linux uses is not known where it hides that: what is free is then told without what files take of it", () => {
  expect(readMemory().usedBytes).toBeLessThan(host.memoryBytes);
  const usedBytes = process.platform === "linux" ? null : expect.any(Number);
  expect(readMemory(rootWith({}))).toEqual({ totalBytes: host.memoryBytes, usedBytes });
});
