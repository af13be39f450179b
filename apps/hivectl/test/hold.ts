import { execFileSync } from "node:child_process";
import { open, rm } from "node:fs/promises";

/** In a forced command, as text of sh: waits for as long as it is held at that path. A test that breaks holds nothing for ever. */
export const waitAt = (path: string): string => `timeout 60 cat ${path} 2> /dev/null`;

/** Holds back whoever waits at that path, now or later. Returns what lets them go. */
export function holdAt(path: string): () => Promise<void> {
  execFileSync("mkfifo", ["-m", "644", path]);
  return async () => {
    const held = await open(path, "r+");
    // Who comes later finds nothing to wait for; who waits reads to the end of it.
    await rm(path);
    await held.close();
  };
}
