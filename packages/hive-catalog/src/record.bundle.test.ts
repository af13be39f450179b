import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { expect, test } from "vitest";

const PACKAGE_FOLDER = fileURLToPath(new URL("..", import.meta.url));

/** The package's `./record` as a browser's bundler takes it. */
function bundle() {
  return build({
    stdin: { contents: 'export * from "@repo/hive-catalog/record";', resolveDir: PACKAGE_FOLDER },
    bundle: true,
    conditions: ["source"],
    platform: "browser",
    format: "iife",
    globalName: "record",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
}

test("./record bundles for a browser from its own file, the device types and zod alone: nothing of Node, libsql or drizzle", async () => {
  const { metafile, warnings } = await bundle();
  const inputs = Object.keys(metafile.inputs).filter((input) => input !== "<stdin>");
  const foreign = inputs.filter(
    (input) =>
      !/\/zod\//.test(input) &&
      !/(?:^|\/)device-types\/src\//.test(input) &&
      !/(?:^|\/)(?:record|model\/[\w-]+)\.ts$/.test(input),
  );
  expect(inputs.some((input) => /record\.ts$/.test(input))).toBe(true);
  expect(inputs.some((input) => /\/zod\//.test(input))).toBe(true);
  expect(foreign).toEqual([]);
  const imports = [...Object.values(metafile.inputs), ...Object.values(metafile.outputs)].flatMap(
    (file) => file.imports,
  );
  expect(imports.filter((imported) => imported.external)).toEqual([]);
  expect(warnings).toEqual([]);
});

test("the bundle runs where there is no Node: it reads and writes records", async () => {
  const { outputFiles } = await bundle();
  const browser = createContext({ URL });
  runInContext(outputFiles[0]?.text ?? "", browser);
  const read = (expression: string): unknown =>
    JSON.parse(String(runInContext(`JSON.stringify(${expression})`, browser)));
  expect(read("typeof process + typeof Buffer + typeof require")).toBe("undefinedundefinedundefined");
  expect(read('record.NewHiveJson.decode({ id: "a", host: "::1", port: 1, ssh_host: "h" })')).toEqual({
    id: "a",
    host: "::1",
    port: 1,
    sshHost: "h",
  });
  expect(read('record.NewHiveJson.safeParse({ id: "a", host: "http://h", port: "1" }).success')).toBe(false);
});
