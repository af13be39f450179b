import { expect, test } from "vitest";
import { postJson } from "../queen-processes.ts";
import { until } from "../until.ts";
import { openTab } from "./tab.ts";
import { beat, queensWithHives } from "./three-hives.ts";
import { startTlsProxy } from "./tls-proxy.ts";

const { queens, startQueen } = queensWithHives();

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

test("however long she was away, the page looks for her every five seconds, and goes on", async () => {
  const queen = queens.start();
  const origin = await startQueen(queen);
  const { page } = await openTab(`${origin}/ui`);
  await page.locator("#row-gpu-01 time:not(.is-old)").first().waitFor();
  let tries = 0;
  page.on("requestfailed", (request) => {
    if (request.url().endsWith("/v1/events")) tries += 1;
  });
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 60_000);
  await queen.kill("SIGKILL");
  await until("it has tried often, each time after a longer wait", async () => {
    await page.clock.runFor(1000);
    return tries >= 10;
  });
  const notice = page.getByText("Nothing is heard of the queen");
  await notice.waitFor();
  await queens.start(["--port", new URL(origin).port]).origin();
  await page.clock.runFor(5000);
  await notice.waitFor({ state: "detached" });
});

test("a connection on which nothing comes is made anew within seconds, whether the queen hangs or the network is another one", async () => {
  const queen = queens.start();
  const origin = await startQueen(queen);
  const { page } = await openTab(`${origin}/ui`);
  await page.locator("#row-gpu-01").waitFor();
  await page.clock.install();
  // What comes now is the last that was heard by that clock.
  await beat(origin, "gpu-02");
  await page.locator("#row-gpu-02 .state.is-online").waitFor();
  await page.clock.pauseAt(Date.now() + 8000);
  queen.child.kill("SIGSTOP");
  const asked = page.waitForRequest((request) => request.url().endsWith("/v1/events"));
  for (let seconds = 0; seconds < 15; seconds++) await page.clock.runFor(1000);
  await asked;
  const notice = page.getByText("Nothing is heard of the queen");
  await notice.waitFor();
  queen.child.kill("SIGCONT");
  await notice.waitFor({ state: "detached" });
});
