import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { codeOf, sqliteCodeOf } from "../drivers/errors.ts";
import { HiveCatalogError } from "../errors.ts";
import { notACatalog } from "./identity.ts";

/*
 * Catalog files as the file system shows them, before SQLite touches them. None is opened here that SQLite may have open: to close any
 * descriptor of it would drop the locks that this process holds on it.
 */

/** SQLite's smallest page; it takes a shorter file for an empty database, and would overwrite it. */
export const MIN_SQLITE_BYTES = 512;
const SQLITE_MAGIC = "SQLite format 3\0";
/** What SQLite keeps beside a file. */
export const COMPANIONS = ["-wal", "-shm", "-journal"];

/** Undefined when nothing is there. Node 24 would say so, asked with `throwIfNoEntry`, when a part of the path is no folder, too. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

export function sizeOf(path: string): number {
  return statOf(path)?.size ?? 0;
}

/** What this user may not write of a catalog that is there, with the system's code for it; undefined when it can be changed. */
export function missingRight(path: string): string | undefined {
  for (const name of [path, dirname(path), ...COMPANIONS.map((suffix) => path + suffix)]) {
    try {
      accessSync(name, constants.W_OK);
    } catch (error) {
      if (name === path || codeOf(error) !== "ENOENT") return `${name} cannot be written (${codeOf(error)})`;
    }
  }
  return undefined;
}

/**
 * SQLite's own layer to the file system. What the binding takes by itself wraps it for encryption, and hands on what could not be read as if it
 * had been: rows are then not there, and what was in the -wal is lost when it is folded into the file.
 */
const FILE_SYSTEM = `vfs=${process.platform === "win32" ? "win32" : "unix"}`;

/** What SQLite opens to read and to write a file. */
export const writableTarget = (path: string): string => `${pathToFileURL(path).href}?${FILE_SYSTEM}`;

/**
 * What SQLite opens to read an existing file and never to write it. Only where nobody can write it is it immutable: that looks for no other
 * program's locks and changes, and would answer what was true once.
 */
export function readOnlyTarget(path: string): string {
  const isImmutable = sizeOf(`${path}-wal`) === 0 && mountOf(path)?.isReadOnly;
  return `${writableTarget(path)}&${isImmutable ? "immutable=1" : "mode=ro"}`;
}

type Mount = {
  /** The folder, or the single file, that it begins at. */
  readonly point: string;
  /** As the kernel calls its file system, such as `ext4` or `fuse.sshfs`. */
  readonly type: string;
  /** Whether nobody can write the file system, at whichever other place it may be mounted too. */
  readonly isReadOnly: boolean;
};

/** The mount that a real path is on, as Linux has it (proc_pid_mountinfo(5)); undefined where the system does not say. */
function mountOf(path: string, info = mountInfo()): Mount | undefined {
  const mounts = info.split("\n").filter(Boolean).map(toMount);
  const around = mounts.filter(({ point }) => path === point || path.startsWith(point === "/" ? "/" : `${point}/`));
  // The innermost; of those at one place the one that was mounted last.
  return around.reduce<Mount | undefined>(
    (inner, mount) => (inner && inner.point.length > mount.point.length ? inner : mount),
    undefined,
  );
}

function mountInfo(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return "";
  }
}

/** `36 35 98:0 /root /point rw,noatime shared:1 - ext3 /dev/sda1 ro,errors=continue`: the last part is of the file system, the one before of this mount. */
function toMount(line: string): Mount {
  const [mount = "", fileSystem = ""] = line.split(" - ");
  const point = (mount.split(" ")[4] ?? "").replace(/\\(\d{3})/g, (_, octal) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  const [type = "", , options = ""] = fileSystem.split(" ");
  return { point, type, isReadOnly: /(?:^|,)ro(?:,|$)/.test(options) };
}

const NETWORK_FILE_SYSTEM =
  /^(?:nfs4?|cifs|smb3|ceph|lustre|9p|virtiofs|fuse\.(?:sshfs|glusterfs|ceph-fuse|juicefs|rclone))$/;

/**
 * What is said of a catalog file whose -wal stands on another mount, and may be another's, or be gone when this program comes back; and of one that
 * programs of several machines, which share no memory, can open.
 */
export function mountWarnings(path: string, info?: string): string[] {
  const { point, type = "" } = mountOf(path, info) ?? {};
  const warnings: string[] = [];
  if (point === path) {
    const problem = `${path} is mounted alone: changes that stand in ${path}-wal are not where the file is, and can be lost`;
    warnings.push(`${problem}; mount the folder that holds them both`);
  }
  if (NETWORK_FILE_SYSTEM.test(type)) {
    const problem = `${path} is on a file system that other machines have too (${type}): they do not see each other's changes, and lose them`;
    warnings.push(`${problem}; open it on one of them alone, or keep the catalog on a server`);
  }
  return warnings;
}

/** What is said of a catalog file of ours that is not ours alone. */
export function modeWarnings(path: string): string[] {
  const [file, folder] = [statOf(path), statOf(dirname(path))];
  const warnings: string[] = [];
  if (file && file.nlink > 1) {
    const harm = "a program that opens it by another one does not see its -wal, and both lose what they store";
    warnings.push(`${path} has ${file.nlink} names (hard links): ${harm}; remove the others`);
  }
  if (file && file.mode & 0o077) {
    warnings.push(`other users may use ${path} (mode ${modeOf(file)}): chmod 600 ${path}, and the files beside it`);
  }
  if (folder && folder.mode & 0o022) {
    warnings.push(
      `other users may replace files in ${dirname(path)} (mode ${modeOf(folder)}): chmod 700 ${dirname(path)}`,
    );
  }
  return warnings;
}

const modeOf = ({ mode }: Stats): string => (mode & 0o7777).toString(8);

/** Says why SQLite cannot open a file that is there, or what it keeps beside it, where that is for want of a right or of room; whatever else it was, as it came. */
export function unreadable(path: string, error: unknown): unknown {
  if (!/^SQLITE_(?:CANTOPEN|READONLY|PERM)/.test(sqliteCodeOf(error))) return error;
  const missing = missingRight(path);
  if (missing === undefined) return whyNoFile(path) ?? error;
  const need = `to read it while no other program has it open, SQLite has to make ${path}-shm`;
  return new HiveCatalogError("CATALOG_READ_ONLY", `${missing}; ${need}; give this user the right, or read a copy`, {
    cause: error,
  });
}

/** What the system says of a further file beside `path`; undefined where one can be made. */
function whyNoFile(path: string): Error | undefined {
  const further = `${path}-${randomBytes(8).toString("hex")}`;
  try {
    closeSync(openSync(further, "wx"));
    rmSync(further);
    return undefined;
  } catch (error) {
    return Object.assign(error as Error, { path: dirname(path) });
  }
}

/** Whether a catalog is to be made at `path`. Throws for what no catalog can be, before SQLite touches it. */
export function isNew(path: string): boolean {
  const file = statOf(path);
  if (file?.isDirectory()) throw notACatalog(path, "it is a folder");
  if (file && !file.isFile()) throw notACatalog(path, "it is not a regular file");
  // Of a file that it may not read SQLite says no more than that it cannot open it.
  if (file) accessSync(path, constants.R_OK);
  if (file && file.size >= MIN_SQLITE_BYTES) return false;
  if (file && file.size > 0) throw tooShort(path);
  if (sizeOf(`${path}-wal`) > 0) {
    // Another opener may have made both since.
    if (sizeOf(path) >= MIN_SQLITE_BYTES) return false;
    const problem = `there is ${path}-wal, which holds changes, but not the file that it belongs to`;
    throw new HiveCatalogError("CATALOG_CORRUPT", `${problem}; put the file back beside it, or restore a backup`);
  }
  return true;
}

function tooShort(path: string): HiveCatalogError {
  // Reading by hand is safe only here: nobody holds locks on such a file, which closing it would drop.
  const isCut = SQLITE_MAGIC.startsWith(readFileSync(path, "latin1").slice(0, SQLITE_MAGIC.length));
  if (!isCut) return notACatalog(path, "it is not an SQLite file");
  return new HiveCatalogError("CATALOG_CORRUPT", `${path} is only the beginning of a catalog; restore a backup`);
}

/** One after the other: Node's own `recursive` tries for ever where the system says ENOENT of a folder in one that is there, as in /proc. */
export function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

/**
 * Makes the empty file of a new catalog, and folders that it needs, for this user alone: SQLite lets everybody read what it makes, and gives
 * the files beside it the mode of this one. Throws the system's own reason why it cannot: SQLite only says that it cannot open the file, and
 * Node says ENOENT for a folder on a read-only file system.
 */
export function makeFile(path: string): void {
  const folder = dirname(path);
  let nearest = folder;
  while (!existsSync(nearest) && nearest !== dirname(nearest)) nearest = dirname(nearest);
  accessSync(nearest, constants.W_OK);
  makeFolders(folder);
  try {
    // Nobody can hold a lock on a file that was not there.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}
