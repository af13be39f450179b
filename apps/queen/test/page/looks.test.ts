import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { postJson, queenProcesses } from "../queen-processes.ts";
import { beatJson, workerJson } from "../test-queen.ts";
import { until } from "../until.ts";
import { openTab } from "./tab.ts";

const queens = queenProcesses();

const host = { host: "127.0.0.1", port: 1 };
const LONG_ID = `a${"b".repeat(119)}`;
const LABELS = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`ops.example/label-${n}`, "v".repeat(63)]));
/** Turns the direction of the text behind it. */
const TURN = "\u202e";

const overflow = (page: Page, what: string) =>
  page.evaluate<number>(
    `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector("${what}"))`,
  );
/** Where what is shown begins, from the left or from above. */
const placeOf = (page: Page, what: string, side: "left" | "top") =>
  page.evaluate<number>(`document.querySelector("${what}").getBoundingClientRect().${side}`);

test("a hive with the longest names and many labels takes no room from others, and turns nothing around it", async () => {
  const { url: origin } = await queens.open();
  await postJson(`${origin}/v1/hives`, { id: LONG_ID, ...host, labels: LABELS });
  await postJson(`${origin}/v1/hives`, { id: "gpu-01", ...host, labels: { rack: "r1" } });
  const workers = [`${TURN}first`, "second"].map((model_id, n) => workerJson({ worker_id: `worker-${n}`, model_id }));
  await postJson(`${origin}/v1/heartbeat`, beatJson(LONG_ID, workers));
  const { page } = await openTab(`${origin}/ui`);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole("link", { name: "+60" }).waitFor();
  expect(await page.locator(`#row-${LONG_ID} .c-labels .chip`).count()).toBe(5);
  expect(await overflow(page, ".table-frame")).toBe(0);
  await page.goto(`${origin}/ui?cols=models`);
  await page.locator(".models span").nth(1).waitFor();
  const second = await placeOf(page, ".models span:last-child", "left");
  expect(second).toBeGreaterThan(await placeOf(page, ".models span:first-child", "left"));

  await page.setViewportSize({ width: 400, height: 900 });
  await page.goto(`${origin}/ui`);
  await page.getByRole("link", { name: "+60" }).waitFor();
  expect(await overflow(page, ".table-frame")).toBe(0);
  expect(await overflow(page, "html")).toBe(0);
  await page.locator(".cards-head").getByLabel("Tick all that are shown").check();
  await page.getByText("2 hives", { exact: true }).waitFor();
  await page.getByLabel("Sort by").selectOption({ label: "Hive, reversed" });
  await until("the last is the first", async () => (await page.locator("a.id").first().textContent()) === "gpu-01");
  await page.goto(`${origin}/ui/hives/${LONG_ID}`);
  await page.locator(".facts .chip").nth(63).waitFor();
  expect(await overflow(page, "html")).toBe(0);
});

test("a wrong address leads back to all hives; a hive that is not heard shows its workers as of its last beat; its marks stand beside its status, its name in the title", async () => {
  const often = { QUEEN_STALE_AFTER_MS: "2000", QUEEN_HEALTH_INTERVAL_MS: "500" };
  const { url: origin } = await queens.open(often);
  await postJson(`${origin}/v1/hives`, { id: "gpu-01", ...host });
  await postJson(`${origin}/v1/heartbeat`, beatJson("gpu-01", [workerJson()]));
  await postJson(`${origin}/v1/hives/gpu-01/cordon`, { reason: "fans" });
  const { page } = await openTab(`${origin}/ui?sort=nothing`);
  await page.getByRole("link", { name: "Show all hives" }).click();
  await page.locator("#row-gpu-01").waitFor();
  expect(await page.title()).toContain("Fleet · Queen");
  await page.route("**/v1/me", async (route) => {
    await page.getByText("Asking the queen…").waitFor();
    await route.continue();
  });
  await page.goto(`${origin}/ui/hives/gpu-01`);
  await page.getByRole("heading", { name: "cordoned" }).waitFor();
  await page.getByText("As its last beat told").waitFor();
  expect(await page.title()).toContain("gpu-01 · Queen");
});

/** Too many for a line each: that of most hives, and one that is as long as they come. */
const GPUS = ["NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "NVIDIA GeForce RTX 4090"].map((name, index) => ({
  index,
  name,
  vram_gb: 96,
}));

async function startFullQueen(): Promise<string> {
  const { url: origin } = await queens.open();
  const devices = { cpu: { cores: 64, ram_gb: 512 }, gpus: GPUS };
  await postJson(`${origin}/v1/hives`, {
    id: LONG_ID,
    host: `${"h".repeat(60)}.example`,
    port: 1,
    labels: LABELS,
    devices,
  });
  await postJson(`${origin}/v1/hives`, { id: "gpu-01", ...host, labels: { env: "prod", rack: "r1" }, devices });
  const states = ["Idle", "Busy", "Loading", "Error"].flatMap((state) => Array.from({ length: 12 }, () => state));
  const workers = states.map((state, n) =>
    workerJson({
      worker_id: `w${n}`,
      state,
      model_id: "Qwen/Qwen3-30B-A3B-Instruct-2507",
      url: "http://gpu-01.hives.example:8000/v1",
    }),
  );
  const gpus = GPUS.map(({ index }) => ({ index, memory_total_bytes: 96 * 2 ** 30, memory_used_bytes: 48 * 2 ** 30 }));
  for (const id of [LONG_ID, "gpu-01"]) await postJson(`${origin}/v1/heartbeat`, { ...beatJson(id, workers), gpus });
  await postJson(`${origin}/v1/hives/${LONG_ID}/cordon`, { reason: "fans" });
  await postJson(`${origin}/v1/hives/gpu-01/stop`, {});
  const token = { name: "The agent of the first one in the cellar", role: "hive", hive_id: "gpu-01" };
  await postJson(`${origin}/v1/tokens`, { ...token, expires_at_ms: Date.now() + 86_400_000 });
  return origin;
}

test("at no width anything of the fleet is cut off, with the longest names either: where the table does not fit, hives are cards", async () => {
  const { page } = await openTab(`${await startFullQueen()}/ui`);
  await page.locator("#row-gpu-01").getByText("12 error").waitFor();
  for (const width of [768, 820, 960, 961, 1024, 1150, 1151, 1220, 1221, 1280, 1400, 1401, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    expect([width, await overflow(page, ".table-frame")]).toEqual([width, 0]);
    expect([width, await page.locator(".cards-head").isVisible()]).toEqual([width, width <= 960]);
  }
  await page.setViewportSize({ width: 320, height: 900 });
  const [all, sort] = [page.locator(".cards-head > :first-child"), page.locator(".cards-head").getByText("Sort by")];
  const { x: left = 0, width: taken = 0 } = (await all.boundingBox()) ?? {};
  const { x = 0, height = 0 } = (await sort.boundingBox()) ?? {};
  expect([x - left - taken >= 8, height < 30, await overflow(page, ".table-frame")]).toEqual([true, true, 0]);
});

test("at no width the head of the page is wider than the window, with the longest name of a token either: its last button is seen", async () => {
  const { url: origin } = await queens.open();
  const body = JSON.stringify({ name: "n".repeat(100), role: "operator" });
  const made = await fetch(`${origin}/v1/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const { page } = await openTab(`${origin}/ui`);
  await page.getByLabel("Token").fill(((await made.json()) as { token: string }).token);
  await page.getByRole("button", { name: "Log in" }).click();
  const logOut = page.getByRole("button", { name: "Log out" });
  await logOut.waitFor();
  for (const width of [320, 390, 700, 701, 768, 871, 1024, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    const { x = 0, width: taken = 0, height = 0 } = (await logOut.boundingBox()) ?? {};
    expect([width, await overflow(page, "html"), x + taken <= width, height]).toEqual([width, 0, true, 32]);
  }
});

test("on a phone every table is seen whole: when a token ends, and the button that revokes it, too", async () => {
  const origin = await startFullQueen();
  const { page } = await openTab(`${origin}/ui/tokens`);
  expect(await page.title()).toBe("Tokens · Queen");
  await page.setViewportSize({ width: 390, height: 844 });
  const { x = 0, width = 0 } = (await page.getByRole("button", { name: "Revoke" }).boundingBox()) ?? {};
  expect(x + width).toBeLessThan(390);
  for (const view of ["tokens", "models", "operations", "hives/gpu-01"]) {
    await page.goto(`${origin}/ui/${view}`);
    await page.locator(".table-frame tbody tr").first().waitFor();
    expect([view, await overflow(page, ".table-frame")]).toEqual([view, 0]);
  }
});

test("in the colours of whoever looks it is seen how full memory is, and which filter and view are on", async () => {
  const { page } = await openTab(`${await startFullQueen()}/ui?status=online`);
  await page.emulateMedia({ forcedColors: "active" });
  await page.locator("#row-gpu-01 .track").waitFor();
  const styleOf = (what: string, property: string) =>
    page.evaluate<string>(`getComputedStyle(document.querySelector("${what}")).${property}`);
  const seen = [
    ["#row-gpu-01 .track > span", "#row-gpu-01 .track", "backgroundColor"],
    [".count.is-online", ".count.is-offline", "borderTopWidth"],
    ["nav [aria-current]", "nav a:not([aria-current])", "borderBottomColor"],
  ] as const;
  for (const [on, off, property] of seen) {
    expect([on, await styleOf(on, property)]).not.toEqual([on, await styleOf(off, property)]);
  }
});
