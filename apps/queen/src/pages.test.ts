import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const filesIn = (folder: string) =>
  existsSync(ROOT + folder) ? readdirSync(ROOT + folder, { recursive: true }).map((name) => `${folder}/${name}`) : [];
const packages = ["apps", "packages"].flatMap((folder) =>
  readdirSync(ROOT + folder).map((name) => `${folder}/${name}`),
);
const tests = packages
  .flatMap((folder) => ["src", "scripts", "test"].flatMap((part) => filesIn(`${folder}/${part}`)))
  .filter((path) => path.endsWith(".test.ts"));
const pages = ["README.md", "CONTRIBUTING.md", ...filesIn("docs"), ...packages.map((folder) => `${folder}/README.md`)]
  .filter((path) => path.endsWith(".md") && existsSync(ROOT + path))
  .map((path) => ({ path, text: readFileSync(ROOT + path, "utf8") }));

test("each test that a page names is there", () => {
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, name = ""]) => ({ path, name })),
  );
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ name }) => !tests.some((path) => `/${path}`.endsWith(`/${name}`)))).toEqual([]);
});

test("each claim of docs/security.md names a test", () => {
  const page = pages.find(({ path }) => path === "docs/security.md")?.text ?? "";
  const rows = /## What is defended\n\n(?:\|.*\n){2}((?:\|.*\n)+)/.exec(page)?.[1]?.trim().split("\n") ?? [];
  expect(rows.length).toBeGreaterThan(25);
  expect(rows.filter((row) => !/\| `[\w./-]+\.test\.ts`: /.test(row))).toEqual([]);
});
