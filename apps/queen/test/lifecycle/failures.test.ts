import { readFileSync } from "node:fs";
import { HiveCatalogError } from "@repo/hive-catalog";
import { ProgramError } from "@repo/processes";
import { expect, test } from "vitest";
import { REMEDIES, StepFailure, withRemedy } from "../../src/lifecycle/failures.ts";
import { ProbeError } from "../../src/reach/probe.ts";

test("the page of the lifecycle says of every code what to do next, in the words of the problem", () => {
  const page = readFileSync(new URL("../../../../docs/lifecycle.md", import.meta.url), "utf8");
  const [, table = ""] = /## What to do when an operation fails\n(.*?)\n## /s.exec(page) ?? [];
  const rows = [...table.matchAll(/^\| `([A-Z_]+)` +\| (.*?) +\|$/gm)].map(([, code, next]) => [code, next]);
  expect(rows).toEqual(Object.entries(REMEDIES));
});

test("what to do next is a command of hivectl for that hive, and no request", () => {
  const error = new StepFailure("HOST_KEY_UNKNOWN", "unknown");
  expect(withRemedy("connect: unknown", error, "gpu-01")).toContain("`hivectl host-key confirm gpu-01`");
  expect(withRemedy("connect: unknown", error, "$&")).toContain("`hivectl host-key confirm $&`");
  const keyRefused = new StepFailure("SSH_KEY_REFUSED", "refused");
  expect(withRemedy("connect: refused", keyRefused, "gpu-01")).toContain("the key in QUEEN_SSH_IDENTITY into");
  expect(Object.values(REMEDIES).join()).not.toMatch(/\b(POST|PUT|PATCH|DELETE)\b/);
});

test.each([
  ["a step that knows what it found", new StepFailure("NODE_TOO_OLD", "old"), "NODE_TOO_OLD"],
  ["a hive that is another one", new ProbeError("WRONG_HIVE", "other"), "WRONG_HIVE"],
  [
    "a program that is not there",
    new ProgramError("missing", "ssh", "is not installed", { cause: "ENOENT" }),
    "PROGRAM_NOT_STARTED",
  ],
  [
    "a program that is not started beside one that hangs",
    new ProgramError("not_started", "ssh", "is not started: an earlier one hangs"),
    "PROGRAM_NOT_STARTED",
  ],
  ["a program that does not end", new ProgramError("given_up", "ssh", "did not end within 60 s"), "COMMAND_GIVEN_UP"],
  ["a catalog that cannot be read", new HiveCatalogError("CATALOG_BUSY", "locked"), "CATALOG_FAILED"],
  ["what nobody foresaw", new TypeError("x is not a function"), "UNFORESEEN"],
] as const)("the problem says what to do next after %s", (_what, error, code) => {
  expect(withRemedy("step: why", error, "gpu-01")).toBe(
    `step: why [${code}]; next: ${REMEDIES[code].replaceAll(/\bID\b/g, "gpu-01")}`,
  );
});
