import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../testing.ts";
import { mountWarnings, unreadable } from "./files.ts";

/** Of a container of Kubernetes whose volumes come from a server of NFS and from a disk. */
const MOUNTS = `600 500 0:50 / / ro,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
612 600 0:71 /exports/pvc-1 /data rw,relatime - nfs4 10.0.0.9:/exports/pvc-1 rw,vers=4.2,hard,proto=tcp
613 600 8:1 /pods/1/empty /data/local rw,relatime - ext4 /dev/sda1 rw
`;

test("a catalog that other machines can open too, over the network, is said at the start, and one on a disk is not", () => {
  expect(mountWarnings("/data/hives.db", MOUNTS)).toEqual([expect.stringMatching(/other machines have too \(nfs4\)/)]);
  expect(mountWarnings("/data/local/hives.db", MOUNTS)).toEqual([]);
  expect(mountWarnings("/hives.db", MOUNTS)).toEqual([]);
});

test("a file that cannot be opened for no want of right or room is said as it is, whatever a process of the same id left beside it", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  for (const name of [path, `${path}-${process.pid}`]) writeFileSync(name, "");
  const error = Object.assign(new Error("unable to open database file"), { code: "SQLITE_CANTOPEN" });
  expect(unreadable(path, error)).toBe(error);
});
