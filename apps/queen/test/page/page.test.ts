import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { FollowedEvents } from "../followed-events.ts";
import { postJson } from "../queen-processes.ts";
import { beatJson, workerJson } from "../test-queen.ts";
import { until } from "../until.ts";
import { openTab } from "./tab.ts";
import { beat, queensWithHives } from "./three-hives.ts";

const { queens, startQueen } = queensWithHives();

/** Of a command that the page shows. */
const output = async (command: string | null) =>
  (await promisify(execFile)("sh", ["-c", command ?? ""], { timeout: 60_000 })).stdout;

const ABSENT = [
  ["nowhere", "There is nothing here"],
  ["hives/gpu-99", "There is no hive gpu-99"],
  ["operations/op_1", "There is no such operation"],
] as const;

test("every view loads without a violation of the policy, and asks nobody but the queen", async () => {
  const origin = await startQueen();
  const { page, faults } = await openTab(`${origin}/`);
  await page.getByRole("row", { name: "gpu-03" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/ui");
  await page.getByRole("link", { name: "gpu-01", exact: true }).click();
  await page.getByRole("heading", { name: "Why it is online" }).waitFor();
  for (const view of ["Models", "Operations", "Events"]) {
    await page.getByRole("link", { name: view, exact: true }).click();
    await page.getByRole("heading", { name: view, level: 1 }).waitFor();
  }
  await page.getByText("unknown → online").waitFor();
  for (const [path, heading] of ABSENT) {
    await page.goto(`${origin}/ui/${path}`);
    await page.getByRole("heading", { name: heading }).waitFor();
  }
  expect(faults).toEqual([]);
});

const topOfRows = (page: Page) => page.evaluate<number>("document.querySelector('tbody').getBoundingClientRect().top");

test("a change is shown in its row, which stays where it is, and the page is not loaded anew", async () => {
  const origin = await startQueen();
  const { page } = await openTab(`${origin}/ui?sort=status`);
  const rows = page.locator("tbody tr");
  const ids = () => rows.locator("a.id").allTextContents();
  await rows.nth(2).waitFor();
  const before = await ids();
  const top = await topOfRows(page);
  await page.evaluate("window.isSame = true");
  await beat(origin, "gpu-03");
  await page.locator("#row-gpu-03 .state.is-online").waitFor();
  expect(await ids()).toEqual(before);
  await page.getByRole("link", { name: "2 online" }).waitFor();
  expect(await page.evaluate("window.isSame")).toBe(true);
  await page.getByText("The list has changed").waitFor();
  expect(await topOfRows(page)).toBe(top);
  await page.getByRole("button", { name: "Show it as it is now" }).click();
  await until("the rows are in their order of now", async () => (await ids()).join() !== before.join());
});

test("what is looked for is in the address, and the address shows the same", async () => {
  const origin = await startQueen();
  const { page } = await openTab(`${origin}/ui?sort=-id&selector=!drained`);
  await page.getByRole("link", { name: "1 online" }).click();
  await page.waitForURL((url) => url.search === "?status=online&sort=-id");
  await page.goto(`${origin}/ui?selector=!drained`);
  await page.locator("#row-gpu-01").getByRole("link", { name: "rack r0" }).click();
  await page.waitForURL((url) => url.searchParams.get("selector") === "!drained,rack=r0");
  await page.goto(`${origin}/ui`);
  await page.getByRole("link", { name: "1 online" }).click();
  await page.locator("#row-gpu-02").waitFor({ state: "detached" });
  await page.locator("#row-gpu-01").getByRole("link", { name: "rack r0" }).click();
  await page.getByText(`pnpm -s hivectl --url ${origin} get hives --status online -l rack=r0`).waitFor();
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ status: "online", selector: "rack=r0" });
  const { page: other } = await openTab(page.url());
  await other.locator("#row-gpu-01").waitFor();
  expect(await other.locator("tbody tr").count()).toBe(1);
  await other.getByRole("link", { name: "Clear all" }).click();

  // Groups and a sort are two orders: each ends the other.
  const groups = other.getByLabel("Group by");
  await groups.focus();
  await groups.selectOption("rack");
  await other.waitForURL((url) => url.search === "?group_by=rack");
  await other.getByRole("columnheader", { name: "VRAM" }).getByRole("link").click();
  await other.waitForURL((url) => url.search === "?sort=-free_vram");
  await groups.selectOption("rack");
  await other.waitForURL((url) => url.search === "?group_by=rack");
  await groups.selectOption("");
  await other.getByLabel("Tick gpu-01").check();
  await other.getByLabel("Tick gpu-03").check();

  // What is typed stands as it was typed; what is ticked and not seen is said.
  const search = other.getByRole("searchbox");
  await search.pressSequentially("gpu ");
  await other.waitForURL((url) => url.searchParams.get("text") === "gpu");
  await search.pressSequentially("1");
  expect(await search.inputValue()).toBe("gpu 1");
  await search.fill("gpu-01");
  await other.locator("#row-gpu-03").waitFor({ state: "detached" });
  await other.getByRole("toolbar").getByText("2 hives, 1 not shown").waitFor();
  await fetch(`${origin}/v1/hives/gpu-03`, { method: "DELETE" });
  await other.getByText("1 hive", { exact: true }).waitFor();

  // Whoever has gone elsewhere is not brought back by what he typed before.
  await other.clock.install();
  await search.fill("gpu");
  await other.getByRole("link", { name: "gpu-01", exact: true }).click();
  await other.clock.runFor(1000);
  expect(new URL(other.url()).pathname).toBe("/ui/hives/gpu-01");
});

test("models tell how many workers serve them, and by which command the best is found", async () => {
  const origin = await startQueen();
  const { page } = await openTab(`${origin}/ui/models`);
  const row = page.getByRole("row", { name: workerJson().model_id });
  await row.getByText("best worker").click();
  expect(await row.getByRole("cell").allTextContents()).toEqual(["1", "0", "0", "0", "0"]);
  expect(await output(await row.locator("code").textContent())).toContain('"hive_id":"gpu-01"');
});

test("events are told that were before the page and come since, and none of workers, which would be all that is kept", async () => {
  const origin = await startQueen();
  await using followed = await FollowedEvents.start(origin);
  const { page } = await openTab(`${origin}/ui/events`);
  await page.getByText("unknown → online").waitFor();
  await postJson(`${origin}/v1/heartbeat`, beatJson("gpu-01", [workerJson({ state: "Busy" })]));
  await until("her workers changed", () => followed.of("workers").length > 0);
  await postJson(`${origin}/v1/hives/gpu-01/cordon`, { reason: "fans" });
  const told = page.locator(".events li span:last-child");
  const added = "added, at 127.0.0.1:1";
  const expected = ["cordoned: fans", "unknown → online: its heartbeats arrive", added, added, added];
  await page.getByText("cordoned: fans").waitFor();
  expect(await told.allTextContents()).toEqual(expected);
  await page.reload();
  await told.nth(4).waitFor();
  expect(await told.allTextContents()).toEqual(expected);
});

test("an empty fleet shows how it begins, in commands that this queen understands", async () => {
  const { url: origin } = await queens.open();
  const { page } = await openTab(`${origin}/ui`);
  await page.getByRole("heading", { name: "No hives yet" }).waitFor();
  const [add = "", start = ""] = await page.locator(".is-empty code").allTextContents();
  expect(start).toBe(`pnpm hive --id gpu-01 --host 0.0.0.0 --queen ${origin}`);
  expect(await output(add)).toContain('"id":"gpu-01"');
  await page.locator("#row-gpu-01").waitFor();
});
