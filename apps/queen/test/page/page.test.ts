import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { newContext } from "../browser/chromium.ts";
import type { Daemon } from "../daemon.ts";
import { FollowedEvents } from "../followed-events.ts";
import { postJson, queenProcesses } from "../queen-processes.ts";
import { beatJson, workerJson } from "../test-queen.ts";
import { until } from "../until.ts";
import { openTab } from "./tab.ts";
import { startTlsProxy } from "./tls-proxy.ts";

const queens = queenProcesses();

const IDS = ["gpu-01", "gpu-02", "gpu-03"];
const beat = (origin: string, id: string) => postJson(`${origin}/v1/heartbeat`, beatJson(id, [workerJson()]));

/** A queen with three hives, of which the first is online. */
async function startQueen(queen?: Daemon): Promise<string> {
  const origin = (await queen?.origin()) ?? (await queens.open()).url;
  for (const [index, id] of IDS.entries()) {
    await postJson(`${origin}/v1/hives`, { id, host: "127.0.0.1", port: 1, labels: { rack: `r${index}` } });
  }
  await beat(origin, "gpu-01");
  return origin;
}

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
  const { page } = await openTab(`${origin}/ui`);
  await page.getByRole("link", { name: "1 online" }).click();
  await page.locator("#row-gpu-02").waitFor({ state: "detached" });
  await page.locator("#row-gpu-01").getByRole("link", { name: "rack r0" }).click();
  await page.getByText(`pnpm -s hivectl --url ${origin} get hives --status online -l rack=r0`).waitFor();
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ status: "online", selector: "rack=r0" });
  const { page: other } = await openTab(page.url());
  await other.locator("#row-gpu-01").waitFor();
  expect(await other.locator("tbody tr").count()).toBe(1);
  await other.getByRole("link", { name: "Clear all" }).click();
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
  const bar = other.getByRole("toolbar").locator("b");
  expect(await bar.textContent()).toBe("2 hives, 1 not shown");
  await fetch(`${origin}/v1/hives/gpu-03`, { method: "DELETE" });
  await other.getByText("1 hive", { exact: true }).waitFor();

  // Whoever has gone elsewhere is not brought back by what he typed before.
  await other.clock.install();
  await search.fill("gpu");
  await other.getByRole("link", { name: "gpu-01", exact: true }).click();
  await other.clock.runFor(1000);
  expect(new URL(other.url()).pathname).toBe("/ui/hives/gpu-01");
});

test("a hundred hives are shown, and the others when they are asked for", async () => {
  const origin = await startQueen();
  const ids = Array.from({ length: 120 }, (_, n) => `other-${n}`);
  await Promise.all(ids.map((id) => postJson(`${origin}/v1/hives`, { id, host: "127.0.0.1", port: 1 })));
  const { page } = await openTab(`${origin}/ui`);
  await page.getByText("The first 100 of 123 hives").waitFor();
  expect(await page.locator("tbody tr").count()).toBe(100);
  await page.getByRole("button", { name: "Show more" }).click();
  await page.getByText("123 of 123 hives").waitFor();
  expect(await page.locator("tbody tr").count()).toBe(123);

  // The last 500 events are kept, and of a hive its own.
  for (const action of ["cordon", "uncordon", "cordon", "uncordon", "cordon"]) {
    const reason = action === "cordon" && { reason: "fans" };
    const answer = await postJson(`${origin}/v1/hives/actions`, { ids, action, ...reason });
    expect(await answer.text()).toContain('"done":120');
  }
  await postJson(`${origin}/v1/hives/gpu-02/cordon`, { reason: "the last" });
  await page.goto(`${origin}/ui/events`);
  await page.getByText("cordoned: the last").waitFor();
  expect(await page.locator(".events li").count()).toBe(500);
  await page.getByRole("link", { name: "Fleet" }).click();
  await page.getByRole("link", { name: "gpu-01", exact: true }).click();
  await page.locator(".events").getByText("unknown → online: its heartbeats arrive").waitFor();
});

test("models tell how many workers serve them, and by which command the best is found", async () => {
  const origin = await startQueen();
  const { page } = await openTab(`${origin}/ui/models`);
  const row = page.getByRole("row", { name: workerJson().model_id });
  await row.getByText("best worker").click();
  expect(await row.getByRole("cell").allTextContents()).toEqual(["1", "0", "0", "0", "0"]);
  expect(await output(await row.locator("code").textContent())).toContain('"hive_id":"gpu-01"');
});

test("ten tabs read one stream, and each shows a change; when the one that reads is closed, another goes on", async () => {
  const origin = await startQueen();
  // None of what is read of before: it does not tell that this was all.
  await postJson(`${origin}/v1/heartbeat`, beatJson("gpu-01", [workerJson({ state: "Busy" })]));
  const person = await newContext();
  // The views of hives read what was before, too, and hold no connection for it.
  const places = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? "ui/hives/gpu-02" : "ui"));
  const tabs = await Promise.all(places.map((place) => openTab(`${origin}/${place}`, person)));
  // All at once: those behind the one in front are drawn seldom.
  const allShow = (row: string, event: string) =>
    Promise.all(tabs.map(({ page }, n) => page.locator(n % 2 === 0 ? `.events :text("${event}")` : row).waitFor()));
  await allShow("#row-gpu-02", "added");
  await beat(origin, "gpu-02");
  await allShow("#row-gpu-02 .state.is-online", "unknown → online");
  const readers = async () => /^queen_event_readers (\d+)$/m.exec(await (await fetch(`${origin}/metrics`)).text())?.[1];
  await until("one stream is read", async () => (await readers()) === "1");
  for (const { page } of tabs.splice(0, 9)) await page.close();
  await beat(origin, "gpu-03");
  await tabs[0]?.page.locator("#row-gpu-03 .state.is-online").waitFor();
});

test("all works below the path of a proxy that ends TLS and takes the path away", async () => {
  const origin = await startQueen();
  // As proxies answer while the queen behind them is away.
  const away: number[] = [];
  const url = await startTlsProxy(origin, away);
  const { page, faults } = await openTab(url);
  await page.getByRole("link", { name: "gpu-01", exact: true }).click();
  await page.getByRole("heading", { name: "Why it is online" }).waitFor();
  expect(page.url()).toBe(`${url}ui/hives/gpu-01`);
  away.push(404, 403, 404);
  await page.reload();
  await page.getByRole("link", { name: "Events" }).click();
  await page.getByText("unknown → online").waitFor();
  await postJson(`${origin}/v1/hives/gpu-01/cordon`, { reason: "fans" });
  await page.getByText("cordoned: fans").waitFor();
  await page.getByRole("link", { name: "Fleet" }).first().click();
  await beat(origin, "gpu-02");
  await page.locator("#row-gpu-02 .state.is-online").waitFor();
  expect(faults).toEqual([]);
});

test("what shows the API works below the path of a proxy, too, and asks the queen behind it", async () => {
  const url = await startTlsProxy(await startQueen());
  const { page, faults } = await openTab(url);
  await page.getByRole("link", { name: "API", exact: true }).click();
  await page.locator("#operations-observation-getHealth .opblock-summary-control").click();
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.getByRole("button", { name: "Execute" }).click();
  await page.locator(".request-url").getByText(`${url}health`, { exact: true }).waitFor();
  await page.locator(".live-responses-table .response-col_status").getByText("200").waitFor();
  expect(faults).toEqual([]);
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

test("a queen that hangs, or has ended, is said to be lost; when she is back the page goes on by itself, and shows what it could not", async () => {
  const queen = queens.start();
  const origin = await startQueen(queen);
  const { page, faults } = await openTab(`${origin}/ui`);
  await page.locator("#row-gpu-01 time:not(.is-old)").first().waitFor();
  queen.child.kill("SIGSTOP");
  await page.locator("#row-gpu-01 time.is-old").first().waitFor();
  await queen.kill("SIGKILL");
  await page.getByRole("link", { name: "Events" }).click();
  await page.getByText("Nothing is heard of the queen").waitFor();
  // Wherever somebody has scrolled to.
  await page.setViewportSize({ width: 1280, height: 120 });
  const [top, bottom] = await page.evaluate<[number, number]>(`(() => {
    scrollTo(0, document.body.scrollHeight);
    const { top, bottom } = document.querySelector(".notice").getBoundingClientRect();
    return [top, bottom];
  })()`);
  expect(top).toBeGreaterThanOrEqual(0);
  expect(bottom).toBeLessThanOrEqual(120);
  await queens.start(["--port", new URL(origin).port]).origin();
  await postJson(`${origin}/v1/hives/gpu-02/cordon`, { reason: "fans" });
  await page.getByText("cordoned: fans").waitFor();
  await page.getByText("Nothing is heard of the queen").waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Fleet" }).click();
  await page.locator("#row-gpu-02 .mark.is-cordoned").waitFor();
  await page.locator("#row-gpu-01 time:not(.is-old)").first().waitFor();
  expect(faults).toEqual([]);
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
