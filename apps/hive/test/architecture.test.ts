import { fileURLToPath } from "node:url";
import { longFiles, SourceTree } from "@repo/test-support/architecture";
import { expect, test } from "vitest";

const source = new SourceTree(fileURLToPath(new URL("../src", import.meta.url)), ["testing.ts"]);

test("the agent knows no other program of this repository: it meets the queen on the wire", () => {
  const packages = source.packagesOf().filter((name) => name.startsWith("@repo/"));
  const names = new Set(packages.map((name) => name.split("/").slice(0, 2).join("/")));
  expect([...names].toSorted()).toEqual([
    "@repo/device-types",
    "@repo/process-log",
    "@repo/processes",
    "@repo/settings",
  ]);
  const outside = source.imports.map(({ imported }) => imported).filter((path) => path.startsWith(".."));
  expect(outside).toEqual(["../package.json"]);
});

test("a room knows nothing outside of itself, but for telemetry, which reads the GPUs that devices finds", () => {
  const roomOf = (file: string) => (file.includes("/") ? file.split("/")[0] : "");
  const outward = source.imports.filter(
    ({ file, imported }) => roomOf(file) !== "" && source.files.includes(imported) && roomOf(file) !== roomOf(imported),
  );
  const isForeseen = ({ file, imported }: { file: string; imported: string }) =>
    roomOf(file) === "telemetry" && roomOf(imported) === "devices";
  expect(outward.filter((arrow) => !isForeseen(arrow))).toEqual([]);
});

test("no file imports itself on a way round", () => {
  expect(source.circles()).toEqual([]);
});

test("no file is long", () => {
  expect(longFiles(fileURLToPath(new URL("..", import.meta.url)))).toEqual([]);
});
