import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { ownFiles } from "@repo/test-support/architecture";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** What is compiled and never run, and what the building of dist/ puts in the place of others, or before all. */
const TAKEN_BY_PATH = /^packages\/type-tests\/|^scripts\/build\/(?:own-folder|ready-page)\.js$/;
/** The names in braces; all of them where there are none. */
const IMPORT = /\{([^{}]*)\}\s*from\s*"(\.[^"]+)"|(?:\*[^"]*from\s*|import\()"(\.[^"]+)"/g;
const EXPORT = /^export\s+(?:abstract\s+|async\s+)*(?:const|let|function\*?|class|interface|type)\s+(?<name>[\w$]+)/gm;

const textOf = (path: string) => readFileSync(join(ROOT, path), "utf8");
const paths = ["apps", "packages", "scripts"].flatMap((top) =>
  ownFiles(join(ROOT, top)).map((path) => join(top, path)),
);

/** What a package has for others stands in its package.json. */
function entriesOf(manifest: string): string[] {
  const { exports = {} } = JSON.parse(textOf(manifest)) as { exports?: Record<string, string | { source: string }> };
  return Object.values(exports).map((entry) =>
    join(dirname(manifest), typeof entry === "string" ? entry : entry.source),
  );
}

/** As file and name; of a file that is imported as a whole, the name is `*`. */
function importsOf(path: string): string[] {
  return [...textOf(path).matchAll(IMPORT)].flatMap(([, names = "*", some, whole = some ?? ""]) =>
    names
      .split(",")
      .map((name) => name.trim().replace(/^type\s+/, ""))
      .map((name) => `${normalize(join(dirname(path), whole))} ${name.split(/\s/)[0]}`),
  );
}

test("what a file exports, another one imports", () => {
  const files = paths.filter((path) => /\.(?:tsx?|js)$/.test(path));
  const entries = new Set(paths.filter((path) => /^[^/]+\/[^/]+\/package\.json$/.test(path)).flatMap(entriesOf));
  const imported = new Set(files.flatMap(importsOf));
  const exported = files
    .filter((path) => !entries.has(path) && !TAKEN_BY_PATH.test(path) && !imported.has(`${path} *`))
    .flatMap((path) => [...textOf(path).matchAll(EXPORT)].map(({ groups }) => `${path} ${groups?.name}`));
  expect(exported.length).toBeGreaterThan(1000);
  expect(exported.filter((name) => !imported.has(name))).toEqual([]);
});
