import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mountReadOnly } from "@repo/test-support/mount";
import { expect, test } from "vitest";
import { readQueenAccess } from "./queen-access.ts";
import { temporaryFolder } from "./testing.ts";

function read(tokenFile: string) {
  const problems: string[] = [];
  const sources = { token: undefined, tokenFile, queenCaFile: "", queen: "http://127.0.0.1:8500" };
  return { token: readQueenAccess(sources, problems).token, problems };
}

test("takes root's token file on a read-only mount, as container platforms hand it over, and none that can be changed", () => {
  const folder = temporaryFolder();
  const path = join(folder, "token");
  writeFileSync(path, "hq_1_secret");
  chmodSync(path, 0o444);
  expect(read(path).problems).toEqual([expect.stringContaining("mode 444")]);
  using _mount = mountReadOnly(folder, folder);
  expect(read(path)).toEqual({ token: "hq_1_secret", problems: [] });
});
