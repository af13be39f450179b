import { renameSync } from "node:fs";
import { createClient } from "@libsql/client";
import { expect, onTestFinished, test } from "vitest";
import { postJson, queenProcesses } from "../queen-processes.ts";
import { openTab } from "./tab.ts";

const queens = queenProcesses();

const NOTHING_STORED = "The queen can store nothing: the catalog";

test("the page says that the queen can store nothing, why, and what to do, until she can again", async () => {
  const origin = await queens.start().origin();
  await postJson(`${origin}/v1/hives`, { id: "gpu-01", host: "127.0.0.1", port: 1 });
  const other = createClient({ url: `file:${queens.file}` });
  onTestFinished(() => other.close());
  const held = await other.transaction("write");
  const { page, faults } = await openTab(`${origin}/ui`);
  const banner = page.getByText(NOTHING_STORED);
  await banner.waitFor();
  expect(await banner.textContent()).toContain("another process has held its lock for 2000 ms");
  await page.getByText("She goes on by herself once that is over").waitFor();
  await page.locator("#row-gpu-01").waitFor();
  for (const view of ["Models", "Operations", "Events", "Tokens", "Fleet"]) {
    await page.getByRole("link", { name: view, exact: true }).click();
    await banner.waitFor();
  }
  await held.rollback();
  await banner.waitFor({ state: "detached" });

  renameSync(queens.file, `${queens.file}.aside`);
  await banner.waitFor();
  renameSync(`${queens.file}.aside`, queens.file);
  await banner.waitFor({ state: "detached" });
  expect(faults).toEqual([]);
});
