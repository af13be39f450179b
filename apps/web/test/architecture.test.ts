import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SOURCES = fileURLToPath(new URL("../src/", import.meta.url));
const ALL = readdirSync(SOURCES, { recursive: true, encoding: "utf8" });
const FILES = ALL.filter((file) => /\.tsx?$/.test(file));
const textOf = (file: string) => readFileSync(SOURCES + file, "utf8");
/** From the bottom up; a view knows nothing of another but what it shows of it. */
const GROUND = ["words", "state"];

test("the page knows the client of the queen and what draws it, and nothing else", () => {
  const sources = FILES.filter((file) => !file.includes(".test."));
  const packages = sources.flatMap((file) =>
    [...textOf(file).matchAll(/from "([^."][^"]*)"/g)].map(([, name]) => name),
  );
  expect([...new Set(packages)].sort()).toEqual(["@preact/signals", "@repo/queen-client", "preact", "preact/hooks"]);
});

test("what is known of the fleet knows nothing of how it is shown, and words know nothing at all", () => {
  const upward = FILES.filter((file) => GROUND.some((room) => file.startsWith(`${room}/`))).flatMap((file) =>
    [...textOf(file).matchAll(/from "\.\.\/([a-z]+)\//g)]
      .filter(([, room = ""]) => !file.startsWith("state/") || !GROUND.includes(room))
      .map(([, room]) => `${file} → ${room}`),
  );
  expect(upward).toEqual([]);
});

test("a newcomer meets short files", () => {
  const written = ALL.filter((file) => /\.(?:tsx?|css)$/.test(file));
  expect(written.filter((file) => textOf(file).split("\n").length > 301)).toEqual([]);
});

test("nothing makes markup or code of text", () => {
  expect(FILES.filter((file) => /innerHTML|dangerously|eval\(|new Function/.test(textOf(file)))).toEqual([]);
});

test("nothing is drawn once and kept: it would keep all that was around it when it was first shown", () => {
  const isKept = /^(?:export )?const \w+ = <|^ {2}\w+: </m;
  expect(FILES.filter((file) => isKept.test(textOf(file)))).toEqual([]);
});
