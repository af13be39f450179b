import { join } from "node:path";
import { SourceTree } from "@repo/test-support/architecture";
import { expect, test } from "vitest";
import { REPOSITORY } from "./repository.ts";

// Those that have rooms have tests of their own, which look at this, too.
test.each(["bench", "device-types", "process-log", "processes", "settings", "test-support"])(
  "no file of @repo/%s imports itself on a way round",
  (name) => {
    const { files, circles } = treeOf(name);
    expect(files).not.toEqual([]);
    expect(circles).toEqual([]);
  },
);

function treeOf(name: string) {
  const tree = new SourceTree(join(REPOSITORY, "packages", name, "src"));
  return { files: tree.files, circles: tree.circles() };
}
