import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), "utf8");
const page = read("docs/security.md");

/** The claims of the page: file and names of the tests beside each. "…" stands for what `test.each` puts in. */
const claims = [...page.matchAll(/^\| (.+?) +\| `([\w./-]+\.test\.ts)`: (.+?) +\|$/gm)].map(
  ([, claim = "", file = "", names = ""]) => ({ claim, file, names }),
);

test("each claim of docs/security.md has a test", () => {
  const rows = /## What is defended\n\n(?:\|.*\n){2}((?:\|.*\n)+)/.exec(page)?.[1]?.trim().split("\n") ?? [];
  expect(rows.length).toBeGreaterThan(25);
  expect(claims).toHaveLength(rows.length);
});

test.each(claims)("$claim: $file has that test", ({ file, names }) => {
  const source = read(file).replace(/%[a-z]/g, "…");
  const has = (name: string) => source.includes(`"${name}`);
  // A name may have a semicolon of its own.
  for (const name of has(names) ? [names] : names.split("; ")) expect(has(name), name).toBe(true);
});
