import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What a binary depends on, as package.json says it: operating system, processor, and on Linux the C library. */
export function thisPlatform() {
  const platform = { os: [process.platform], cpu: [process.arch] };
  return process.platform === "linux" ? { ...platform, libc: [hasMusl() ? "musl" : "glibc"] } : platform;
}

export const platformText = ({ os, cpu, libc = [] }) => [...os, ...cpu, ...libc].join(" ");

/** In dist/, before its binary is loaded: ends the process with 2 where that is for another platform. */
export function checkPlatform() {
  const manifest = join(dirname(fileURLToPath(import.meta.url)), "package.json");
  const made = platformText(JSON.parse(readFileSync(manifest, "utf8")));
  const here = platformText(thisPlatform());
  if (made === here) return;
  const program = basename(process.argv[1], ".js");
  process.stderr.write(`${program}: this build is for ${made}, and here is ${here}: build it on such a machine\n`);
  process.exit(2);
}

/** As the head of node's own file says, which names what loads it. */
function hasMusl() {
  const head = Buffer.alloc(4096);
  const file = openSync(process.execPath);
  readSync(file, head);
  closeSync(file);
  return head.includes("/ld-musl-");
}
