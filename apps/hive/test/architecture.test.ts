import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SOURCE = fileURLToPath(new URL("../src", import.meta.url));

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter(
  (file) => /\.[jt]s$/.test(file) && !/(?:\.test|^testing)\.ts$/.test(file),
);
const imports = files.flatMap((file) => {
  const text = readFileSync(join(SOURCE, file), "utf8");
  return [...text.matchAll(/(?:from|import|import\()\s*"([^"]+)"/g)].map(([, path = ""]) => ({
    file,
    imported: path.startsWith(".") ? normalize(join(dirname(file), path)) : path,
  }));
});

test("the agent knows no other program of this repository: it meets the queen on the wire", () => {
  const packages = imports.map(({ imported }) => imported).filter((name) => name.startsWith("@repo/"));
  expect(new Set(packages)).toEqual(new Set(["@repo/device-types", "@repo/processes", "@repo/settings"]));
  expect(imports.filter(({ imported }) => imported.startsWith(".."))).toEqual([]);
});

test("a room knows nothing outside of itself", () => {
  const outward = imports.filter(
    ({ file, imported }) => file.includes("/") && files.includes(imported) && dirname(file) !== dirname(imported),
  );
  expect(outward).toEqual([]);
});

test("no file imports itself on a way round", () => {
  const waiting = new Map(files.map((file) => [file, new Set<string>()]));
  for (const { file, imported } of imports) if (waiting.has(imported)) waiting.get(file)?.add(imported);
  for (let size = -1; size !== waiting.size; ) {
    size = waiting.size;
    for (const [file, needs] of waiting) if (![...needs].some((other) => waiting.has(other))) waiting.delete(file);
  }
  expect([...waiting.keys()]).toEqual([]);
});
