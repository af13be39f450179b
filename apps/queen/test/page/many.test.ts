import { QueenClient } from "@repo/queen-client";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { newContext } from "../browser/chromium.ts";
import { postJson } from "../queen-processes.ts";
import { beatJson, workerJson } from "../test-queen.ts";
import { until } from "../until.ts";
import { openTab } from "./tab.ts";
import { beat, queensWithHives } from "./three-hives.ts";

const { startQueen } = queensWithHives();

/** 120 beside the three, behind them unless they are called otherwise. */
async function addOthers(origin: string, name = "other"): Promise<string[]> {
  const ids = Array.from({ length: 120 }, (_, n) => `${name}-${n}`);
  const hives = ids.map((id) => ({ id, host: "127.0.0.1", port: 1 }));
  for await (const _ of new QueenClient({ url: origin }).addHives(hives));
  return ids;
}

const readersAt = async (origin: string) =>
  /^queen_event_readers (\d+)$/m.exec(await (await fetch(`${origin}/metrics`)).text())?.[1];

test("a hundred hives are shown, and the others when they are asked for", async () => {
  const origin = await startQueen();
  await addOthers(origin);
  const { page } = await openTab(`${origin}/ui`);
  await page.getByText("The first 100 of 123 hives").waitFor();
  expect(await page.locator("tbody tr").count()).toBe(100);
  await page.getByRole("button", { name: "Show more" }).click();
  await page.getByText("123 of 123 hives").waitFor();
  expect(await page.locator("tbody tr").count()).toBe(123);
});

/** What the page holds of hives, shown or not. */
async function rowsHeldBy(page: Page): Promise<number> {
  const browser = await page.context().newCDPSession(page);
  const { result } = await browser.send("Runtime.evaluate", { expression: "Object.prototype" });
  const { objects } = await browser.send("Runtime.queryObjects", { prototypeObjectId: result.objectId ?? "" });
  const count =
    "function () { return this.filter((one) => Object.hasOwn(one, 'row') && Object.hasOwn(one, 'isGone')).length; }";
  const { objectId = "" } = objects;
  const counted = await browser.send("Runtime.callFunctionOn", { objectId, functionDeclaration: count });
  return counted.result.value;
}

test("of hives that come before those that are shown, nothing is held until somebody asks for them", async () => {
  const origin = await startQueen();
  const { page } = await openTab(`${origin}/ui`);
  await page.locator("#row-gpu-03").waitFor();
  await addOthers(origin, "before");
  await page.locator(".moved").waitFor();
  expect(await rowsHeldBy(page)).toBe(3);
  await page.locator(".moved").getByRole("button").click();
  await page.locator("#row-before-0").waitFor();
});

test("the last 500 events are kept, and of a hive its own", async () => {
  const origin = await startQueen();
  const ids = await addOthers(origin);
  for (const action of ["cordon", "uncordon", "cordon", "uncordon", "cordon"]) {
    const reason = action === "cordon" && { reason: "fans" };
    const answer = await postJson(`${origin}/v1/hives/actions`, { ids, action, ...reason });
    expect(await answer.text()).toContain('"done":120');
  }
  await postJson(`${origin}/v1/hives/gpu-02/cordon`, { reason: "the last" });
  const { page } = await openTab(`${origin}/ui/events`);
  await page.getByText("cordoned: the last").waitFor();
  expect(await page.locator(".events li").count()).toBe(500);
  await page.getByRole("link", { name: "Fleet" }).click();
  await page.getByRole("link", { name: "gpu-01", exact: true }).click();
  await page.locator(".events").getByText("unknown → online: its heartbeats arrive").waitFor();
});

test("ten tabs, more than a browser has connections to an address, read one stream, and each shows a change; when the one that reads is closed, another goes on", async () => {
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
  await until("one stream is read", async () => (await readersAt(origin)) === "1");
  for (const { page } of tabs.splice(0, 9)) await page.close();
  await beat(origin, "gpu-03");
  await tabs[0]?.page.locator("#row-gpu-03 .state.is-online").waitFor();
});

test("a page that its browser kept while somebody was elsewhere is loaded anew: it has missed what happened", async () => {
  const { page } = await openTab(`${await startQueen()}/ui`);
  await page.locator("#row-gpu-01").waitFor();
  const isAnew = page.waitForEvent("load");
  // Chromium keeps no page with a lock: it is told what Safari tells.
  await page.evaluate(`dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`);
  await isAnew;
  await page.locator("#row-gpu-01").waitFor();
});

test("where its browser stops the tab that reads for all, the one that is looked at goes on, and no other does", async () => {
  const origin = await startQueen();
  const person = await newContext();
  const { page: stopped } = await openTab(`${origin}/ui`, person);
  await stopped.locator("#row-gpu-02").waitFor();
  const { page } = await openTab(`${origin}/ui/events`, person);
  await page.getByText("unknown → online").waitFor();
  const browser = await person.newCDPSession(stopped);
  await browser.send("Debugger.enable");
  const isStopped = new Promise((resolve) => browser.once("Debugger.paused", resolve));
  await browser.send("Debugger.pause");
  await isStopped;
  await beat(origin, "gpu-02");
  await page.locator(".events li").filter({ hasText: "gpu-02unknown → online" }).waitFor();
  await browser.send("Debugger.resume");
  await until("one stream is read", async () => (await readersAt(origin)) === "1");
});
