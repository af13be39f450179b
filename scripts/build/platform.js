import { closeSync, openSync, readSync } from "node:fs";

/** What a binary depends on, as package.json says it: operating system, processor, and on Linux the C library. */
export function thisPlatform() {
  const platform = { os: [process.platform], cpu: [process.arch] };
  return process.platform === "linux" ? { ...platform, libc: [hasMusl() ? "musl" : "glibc"] } : platform;
}

export const platformText = ({ os, cpu, libc = [] }) => [...os, ...cpu, ...libc].join(" ");

/** As the head of node's own file says, which names what loads it. */
function hasMusl() {
  const head = Buffer.alloc(4096);
  const file = openSync(process.execPath);
  readSync(file, head);
  closeSync(file);
  return head.includes("/ld-musl-");
}
