import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SOURCE = fileURLToPath(new URL("../src", import.meta.url));

/** From the bottom up: each may import what stands on a floor below its own, and rooms of one floor know nothing of each other. */
const FLOORS = [
  ["errors", "event-loop"],
  ["model"],
  ["options", "schema"],
  ["drivers"],
  ["calls", "sql"],
  ["hives", "records"],
  ["catalog", "maintenance"],
  ["index", "record", "maintenance.ts", "testing"],
];

const roomOf = (file: string) => (file === "maintenance.ts" ? file : (file.split("/")[0] ?? "").replace(/\.ts$/, ""));
const floorOf = (room: string) => FLOORS.findIndex((rooms) => rooms.includes(room));

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.startsWith("testing/"),
);
const imports = files.flatMap((file) => {
  const text = readFileSync(join(SOURCE, file), "utf8");
  return [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map(([, path = ""]) => ({
    file,
    imported: normalize(join(dirname(file), path)),
  }));
});

test("every file stands on a floor", () => {
  expect(files.filter((file) => floorOf(roomOf(file)) < 0)).toEqual([]);
});

test("imports point down, or stay in their room", () => {
  const isUpward = (from: string, to: string) => from !== to && floorOf(from) <= floorOf(to);
  expect(imports.filter(({ file, imported }) => isUpward(roomOf(file), roomOf(imported)))).toEqual([]);
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

test("the model knows neither Node nor a database", () => {
  const outside = files
    .filter((file) => file.startsWith("model/"))
    .flatMap((file) => [...readFileSync(join(SOURCE, file), "utf8").matchAll(/from "([^."][^"]*)"/g)])
    .map(([, name]) => name);
  expect(new Set(outside)).toEqual(new Set(["zod", "@repo/device-types"]));
});
