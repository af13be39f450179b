import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { takeOutCatalog } from "./earlier-catalog.ts";

test("a commit that is not in this clone, as in a shallow one, is said to be missing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "earlier-catalog-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const commit = "0123456789abcdef0123456789abcdef01234567";
  await expect(takeOutCatalog(commit, join(folder, "earlier"))).rejects.toThrow(commit);
});
