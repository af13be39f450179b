import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { Daemon } from "../daemon.ts";
import { postJson, queenProcesses } from "../queen-processes.ts";
import { beatJson, workerJson } from "../test-queen.ts";
import { findingsIn } from "./axe.ts";
import { openTab } from "./tab.ts";

const queens = queenProcesses();

async function startQueen(queen?: Daemon): Promise<string> {
  const origin = (await queen?.origin()) ?? (await queens.open()).url;
  const devices = { cpu: { cores: 16, ram_gb: 64 }, gpus: [{ index: 0, name: "NVIDIA RTX 4090", vram_gb: 24 }] };
  for (const id of ["gpu-01", "gpu-02", "gpu-03"]) {
    await postJson(`${origin}/v1/hives`, { id, host: "127.0.0.1", port: 1, devices, labels: { rack: "r1" } });
  }
  await postJson(`${origin}/v1/heartbeat`, beatJson("gpu-01", [workerJson()]));
  await postJson(`${origin}/v1/hives/gpu-02/cordon`, { reason: "fans" });
  return origin;
}

const VIEWS = [
  ["ui", "Fleet"],
  ["ui?group_by=rack&status=online", "Fleet"],
  ["ui?text=nothing", "No hive matches"],
  ["ui/hives/gpu-01", "Devices"],
  ["ui/models", "Models"],
  ["ui/operations", "Operations"],
  ["ui/events", "Events"],
  ["ui/tokens", "Tokens"],
  ["ui/nowhere", "There is nothing here"],
  ["ui/hives/gpu-99", "There is no hive gpu-99"],
] as const;

/** The address of an operation that fails: no SSH server is there. */
async function operationAt(origin: string): Promise<string> {
  const ssh = { ssh_host: "127.0.0.1", ssh_port: 1, ssh_user: "nobody" };
  await postJson(`${origin}/v1/hives`, { id: "gpu-04", host: "127.0.0.1", port: 1, ...ssh });
  const answer = await fetch(`${origin}/v1/hives/gpu-04/stop`, { method: "POST" });
  return `ui/operations/${((await answer.json()) as { id: string }).id}`;
}

test("every view can be used by everybody, and read, light and dark", async () => {
  const queen = queens.start();
  const origin = await startQueen(queen);
  const { page } = await openTab(`${origin}/ui`);
  for (const [path, heading] of [...VIEWS, [await operationAt(origin), "gpu-04"] as const]) {
    await page.goto(`${origin}/${path}`);
    await page.getByRole("heading", { name: heading }).first().waitFor();
    if (heading === "Fleet") await page.locator("#row-gpu-01").waitFor();
    expect(await findingsIn(page), path).toEqual([]);
  }
  await page.goto(`${origin}/ui`);
  await page.locator("#row-gpu-03").waitFor();
  await fetch(`${origin}/v1/hives/gpu-03`, { method: "DELETE" });
  await page.locator("#row-gpu-03.is-gone").waitFor();
  await queen.kill("SIGKILL");
  await page.locator("#row-gpu-01 time.is-old").first().waitFor();
  expect(await findingsIn(page), "a hive that is gone, and a queen that is lost").toEqual([]);
});

test("on a phone every view is in sight in the header, and the button for colours is none with a name of somebody", async () => {
  const { page } = await openTab(`${await startQueen()}/ui`);
  await page.setViewportSize({ width: 390, height: 844 });
  const links = page.getByRole("navigation", { name: "Views" }).getByRole("link");
  await links.first().waitFor();
  for (const link of await links.all()) {
    const { x, width } = (await link.boundingBox()) ?? { x: 0, width: 0 };
    expect([await link.textContent(), width > 0 && x + width <= 390]).toEqual([expect.any(String), true]);
  }
  await page.getByRole("button", { name: "Theme: system" }).click();
  await page.getByRole("button", { name: "Theme: light" }).waitFor();
});

/** It closes with Esc, which does nothing else, and when the focus goes on. */
async function useMenuByKeys(page: Page): Promise<void> {
  const menu = page.locator("details.menu", { hasText: "Columns" });
  const box = menu.locator(".box");
  await menu.locator("summary").focus();
  for (const key of ["Enter", "Tab", "Escape"]) await page.keyboard.press(key);
  await box.waitFor({ state: "hidden" });
  await page.keyboard.press("Enter");
  await box.waitFor();
  await page.keyboard.press("Shift+Tab");
  await box.waitFor({ state: "hidden" });
}

test("the fleet is gone through, ticked and cordoned by keys alone", async () => {
  const { page } = await openTab(`${await startQueen()}/ui`);
  await page.locator("#row-gpu-03").waitFor();
  for (const key of ["j", "j", "j", "k", "x"]) await page.keyboard.press(key);
  expect(await page.getByLabel("Tick gpu-02").isChecked()).toBe(true);
  await useMenuByKeys(page);
  await page.getByLabel("Tick gpu-02").focus();
  expect(await page.getByLabel("Tick gpu-02").isChecked()).toBe(true);
  await page.keyboard.press("c");
  await page.getByRole("dialog", { name: "Cordon" }).waitFor();
  expect(await findingsIn(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  // Where the focus is, however it came there.
  await page.locator("#row-gpu-01 a.id").focus();
  await page.keyboard.press("x");
  expect(await page.getByLabel("Tick gpu-01").isChecked()).toBe(true);
  await page.keyboard.press("c");
  const cordon = page.getByRole("dialog", { name: "Cordon" });
  await cordon.waitFor();
  await page.keyboard.type("dust");
  await page.keyboard.press("Enter");
  await cordon.getByText("2 done").waitFor();
  await page.keyboard.press("Escape");
  await cordon.waitFor({ state: "detached" });
  await page.locator("#row-gpu-01 .mark.is-cordoned").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("gpu-03");
  await page.locator("#row-gpu-02").waitFor({ state: "detached" });
  await page.keyboard.press("Tab");
  for (const key of ["j", "Enter"]) await page.keyboard.press(key);
  await page.getByRole("heading", { name: "gpu-03" }).waitFor();
  for (const key of ["g", "e"]) await page.keyboard.press(key);
  await page.getByRole("heading", { name: "Events" }).waitFor();
  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keys" });
  await keys.waitFor();
  expect(await findingsIn(page)).toEqual([]);
  await keys.getByLabel("Keys do this by themselves").uncheck();
  await keys.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("?");
  await page.reload();
  await page.getByRole("heading", { name: "Events" }).waitFor();
  for (const key of ["?", "g", "f"]) await page.keyboard.press(key);
  expect(await page.getByRole("dialog").count()).toBe(0);
  await page.getByRole("button", { name: "Keys" }).click();
  await keys.getByLabel("Keys do this by themselves").check();
  await page.keyboard.press("Escape");
  for (const key of ["g", "f"]) await page.keyboard.press(key);
  await page.locator("#row-gpu-01").waitFor();
});
