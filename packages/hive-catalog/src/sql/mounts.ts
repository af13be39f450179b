import { readFileSync } from "node:fs";

type Mount = {
  /** The folder, or the single file, that it begins at. */
  readonly point: string;
  /** Whether nobody can write the file system, at whichever other place it may be mounted too. */
  readonly isReadOnly: boolean;
};

/** The mount that a real path is on, as Linux has it (proc_pid_mountinfo(5)); undefined where the system does not say. */
export function mountOf(path: string): Mount | undefined {
  const mounts = mountInfo().split("\n").filter(Boolean).map(toMount);
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
  return { point, isReadOnly: /(?:^|,)ro(?:,|$)/.test(fileSystem.split(" ")[2] ?? "") };
}
