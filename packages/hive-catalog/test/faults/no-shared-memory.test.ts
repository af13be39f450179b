import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HiveCatalog } from "../../src/index.ts";
import { temporaryFolder } from "../../src/testing.ts";
import { refusalOf } from "../refusal.ts";

test("where programs cannot share memory, as on some network and FUSE file systems, that is said of the catalog's folder", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  // Has nothing to be shared.
  execFileSync("mkfifo", [`${path}-shm`]);
  const { code, message } = await refusalOf(HiveCatalog.open(path));
  expect({ code, message }).toEqual({
    code: "CATALOG_UNAVAILABLE",
    message: expect.stringMatching(/can share no memory .* keep it on a local one \(SQLITE_IOERR_SHM/),
  });
});
