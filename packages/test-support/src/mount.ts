import { spawnSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";

const READ_ONLY_DISK_BYTES = 4 * 1024 * 1024;
const FREEZABLE_DISK_BYTES = 4 * 1024 * 1024;

/** A mount that ends when it is disposed of. */
type Mount = { path: string } & Disposable;

/** A file system in memory of `sizeBytes`, mounted at the new folder `path`; it holds so many files and folders, itself included, or any number. */
export function mountSmallDisk(path: string, sizeBytes: number, maxFiles = 0): Mount {
  mkdirSync(path);
  mount("-t", "tmpfs", "-o", `size=${sizeBytes},nr_inodes=${maxFiles}`, "tmpfs", path);
  return { path, [Symbol.dispose]: () => unmount(path) };
}

/** A file system in memory at the new folder `path`, which `fill` writes, and nobody after that: root ignores the modes of files, but not this. */
export async function mountReadOnlyDisk(path: string, fill: () => Promise<unknown>): Promise<Mount> {
  const disk = mountSmallDisk(path, READ_ONLY_DISK_BYTES);
  try {
    await fill();
    mount("-o", "remount,ro", path);
    return disk;
  } catch (error) {
    disk[Symbol.dispose]();
    throw error;
  }
}

/** The file or folder `source`, seen at `path` too, which must exist. */
export function mountAlso(source: string, path: string): Mount {
  mount("--bind", source, path);
  return { path, [Symbol.dispose]: () => unmount(path) };
}

/** The folder or file `source`, seen read-only at `path`, which must exist; whoever knows it as `source` may write it. */
export function mountReadOnly(source: string, path: string): Mount {
  const seen = mountAlso(source, path);
  mount("-o", "remount,bind,ro", path);
  return seen;
}

/**
 * A file system at the new folder `path`. While it is frozen, whoever writes to it hangs inside the kernel, in state D, where no signal reaches
 * him: so does a program when a driver is broken.
 */
export function mountFreezableDisk(path: string): Mount & { freeze(): void; thaw(): void } {
  const image = `${path}.image`;
  writeFileSync(image, "");
  truncateSync(image, FREEZABLE_DISK_BYTES);
  run("mkfs.ext4", "-q", image);
  mkdirSync(path);
  mount("-o", "loop", image, path);
  const thaw = () => void spawnSync("fsfreeze", ["--unfreeze", path]);
  return {
    path,
    freeze: () => run("fsfreeze", "--freeze", path),
    thaw,
    [Symbol.dispose]() {
      thaw();
      unmount(path);
    },
  };
}

const mount = (...args: string[]): void => run("mount", ...args);

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return;
  const reason = error?.message ?? stderr.trim();
  throw new Error(
    `this test mounts a file system and so must run as root on Linux; ${command} ${args.join(" ")}: ${reason}`,
  );
}

/** Lazily: the driver may hold a file open for a while after it was closed. */
function unmount(path: string): void {
  spawnSync("umount", ["--lazy", path]);
}
