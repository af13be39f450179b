import { HiveCatalog } from "@repo/hive-catalog";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { newContext } from "../browser/chromium.ts";
import { REBOUND_NAME } from "../browser/launch.ts";
import { startHive } from "../hive-server.ts";
import { postJson, queenProcesses } from "../queen-processes.ts";
import { addToken } from "../tokens.ts";
import { until } from "../until.ts";
import { findingsIn } from "./axe.ts";
import { openTab } from "./tab.ts";
import { startTlsProxy } from "./tls-proxy.ts";

const queens = queenProcesses();

const IDS = ["gpu-01", "gpu-02", "gpu-03"];

async function startQueen(): Promise<string> {
  const { url: origin } = await queens.open();
  for (const id of IDS) await postJson(`${origin}/v1/hives`, { id, host: "127.0.0.1", port: 1 });
  return origin;
}

/** Changes its file, as `queen token` does, which is no part of the queen either. */
async function inCatalog<T>(work: (catalog: HiveCatalog) => Promise<T>): Promise<T> {
  await using catalog = await HiveCatalog.open(queens.file);
  return await work(catalog);
}

const createToken = async (role: "operator" | "reader") =>
  (await inCatalog((catalog) => addToken(catalog, role))).token;

/** As `hivectl ui` asks for it. */
function createCode(origin: string, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  return until("the queen knows of the token, and makes a code", async () => {
    const answer = await fetch(`${origin}/v1/session/codes`, { method: "POST", headers });
    const { code } = (await answer.json()) as { code: string };
    return answer.status === 201 && code;
  });
}

async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
}

test("a hive is cordoned in one tab and seen so in the other; it says what will be done, and what was", async () => {
  const origin = await startQueen();
  const person = await newContext();
  const { page: other } = await openTab(`${origin}/ui/hives/gpu-02`, person);
  // The one in front: others are drawn seldom, and slow to be clicked in.
  const { page: one } = await openTab(`${origin}/ui`, person);
  await one.getByLabel("Tick gpu-01").check();
  await one.getByLabel("Tick gpu-02").check();
  await one.getByRole("toolbar").getByRole("button", { name: "Cordon", exact: true }).click();
  const dialog = one.getByRole("dialog", { name: "Cordon" });
  await dialog.getByLabel("Reason").fill("new power supply");
  await dialog.getByRole("button", { name: "What would happen" }).click();
  await dialog.getByText("2 will be done").waitFor();
  await dialog.getByRole("button", { name: "Cordon", exact: true }).click();
  await dialog.getByText("2 done").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await other.getByText("new power supply").first().waitFor();
  await one.locator("#row-gpu-02 .mark.is-cordoned").waitFor();
  await one.getByRole("link", { name: "2 cordoned" }).waitFor();
});

test("a hive is removed once its id was typed", async () => {
  const { page } = await openTab(`${await startQueen()}/ui/hives/gpu-03`);
  await page.getByRole("button", { name: "Remove" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove" });
  const remove = dialog.getByRole("button", { name: "Remove" });
  expect(await remove.isDisabled()).toBe(true);
  await dialog.getByLabel("Type the id of the hive").fill("gpu-03");
  await remove.click();
  await dialog.getByText("1 done").waitFor();
  await page.getByText("There is no hive gpu-03").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByRole("link", { name: "Fleet" }).first().click();
  await page.locator("#row-gpu-01").waitFor();
  expect(await page.locator("tbody tr").count()).toBe(2);
});

test("behind a proxy that ends TLS people log in and act", async () => {
  const origin = await startQueen();
  const token = await createToken("operator");
  const { page, faults } = await openTab(await startTlsProxy(origin));
  await logIn(page, token);
  await page.getByRole("link", { name: "gpu-01", exact: true }).click();
  await page.getByRole("button", { name: "Cordon", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Cordon" });
  await dialog.getByLabel("Reason").fill("new fans");
  await dialog.getByRole("button", { name: "Cordon", exact: true }).click();
  await dialog.getByText("1 done").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByText("new fans").first().waitFor();
  expect(faults).toEqual([]);
});

test("where the browser keeps no session, as of a cookie that is for https alone, it is said", async () => {
  const { url } = await queens.open({ QUEEN_PUBLIC_URL: "https://queen.example" });
  const token = await createToken("operator");
  // Chromium takes what is Secure from loopback in clear text; Safari does not.
  const origin = url.replace("127.0.0.1", REBOUND_NAME);
  const { page } = await openTab(`${origin}/ui`);
  await logIn(page, token);
  const { page: other } = await openTab(`${origin}/ui#code=${await createCode(url, token)}`);
  for (const tab of [page, other]) {
    await tab.getByRole("alert").filter({ hasText: "did not keep the cookie" }).waitFor();
  }
});

test("a reader sees all and can change nothing, and is told why", async () => {
  const origin = await startQueen();
  const token = await createToken("reader");
  const { page, faults } = await openTab(`${origin}/ui/hives/gpu-01`);
  await logIn(page, "hq_0123456789abcdef_wrong");
  await page.getByRole("alert").filter({ hasText: "This token is not one of this queen's" }).waitFor();
  expect(await findingsIn(page)).toEqual([]);
  await logIn(page, token);
  await page.getByRole("heading", { name: "Why it is unknown" }).waitFor();
  const buttons = await page.getByRole("toolbar", { name: "Actions on this hive" }).getByRole("button").all();
  expect(buttons).toHaveLength(9);
  for (const button of buttons) {
    expect(await button.isDisabled()).toBe(true);
    expect(await button.getAttribute("title")).toContain("operator's token");
  }
  await page.getByText("This needs an operator's token: you are logged in as a reader.").waitFor();
  await page.goto(`${origin}/ui/tokens`);
  await page.getByText("This needs an operator's token").waitFor();
  expect(await page.getByRole("button", { name: "Make a token" }).count()).toBe(0);
  expect(faults).toEqual([]);
});

test("a code in the address logs in, and the session of a token that is revoked ends in view", async () => {
  const origin = await startQueen();
  const token = await createToken("operator");
  const code = await createCode(origin, token);
  const { page } = await openTab(`${origin}/ui#code=${code}`);
  await page.getByText("a operator operator").waitFor();
  expect(new URL(page.url()).hash).toBe("");
  await page.getByLabel("Tick gpu-01").check();
  expect(await page.getByRole("toolbar").getByRole("button", { name: "Cordon", exact: true }).isEnabled()).toBe(true);
  await page.getByRole("toolbar").getByRole("button", { name: "Cordon", exact: true }).click();
  await page.getByRole("dialog", { name: "Cordon" }).waitFor();
  const { page: other } = await openTab(`${origin}/ui/events`, page.context());
  await other.getByRole("heading", { name: "Events" }).waitFor();
  await createToken("operator");
  await inCatalog((catalog) => catalog.tokens.revoke(token.split("_")[1] ?? ""));
  for (const tab of [page, other]) {
    await tab.getByRole("heading", { name: "Log in" }).waitFor();
    expect(await tab.getByRole("alert").textContent()).toBe(
      "This session has ended, or its token was revoked: log in again. ",
    );
  }
  expect(await page.getByRole("dialog").count()).toBe(0);
  expect(await page.evaluate("localStorage.length")).toBe(0);
  await page.goto(`${origin}/ui#code=${code}`);
  await page.getByRole("alert").filter({ hasText: "UNAUTHENTICATED" }).waitFor();
});

test("a code that is pasted where the page is shown logs in, and once it is used it ends no session", async () => {
  const origin = await startQueen();
  const code = await createCode(origin, await createToken("operator"));
  const { page } = await openTab(`${origin}/ui`);
  await page.getByLabel("Token").waitFor();
  await page.goto(`${origin}/ui#code=${code}`);
  await page.locator("#row-gpu-01").waitFor();
  const { page: other } = await openTab(`${origin}/ui#code=${code}`, page.context());
  await other.locator("#row-gpu-01").waitFor();
  expect([page.url(), other.url()]).toEqual([`${origin}/ui`, `${origin}/ui`]);
});

test("a token is made, shown once, and revoked", async () => {
  const origin = await startQueen();
  const operator = await createToken("operator");
  const person = await newContext();
  const { page: other } = await openTab(`${origin}/ui`, person);
  await other.getByLabel("Token").waitFor();
  const { page } = await openTab(`${origin}/ui/tokens`, person);
  await logIn(page, operator);
  await page.getByLabel("Name").fill("dashboard");
  await page.getByRole("button", { name: "Make a token" }).click();
  await page.getByText("Shown this once").waitFor();
  const made = (await page.locator(".moved code").textContent()) ?? "";
  const ask = () => fetch(`${origin}/v1/counts`, { headers: { authorization: `Bearer ${made}` } });
  expect((await ask()).status).toBe(200);
  await page.getByRole("row", { name: "dashboard" }).getByRole("button", { name: "Revoke" }).click();
  const dialog = page.getByRole("dialog", { name: "Revoke" });
  await dialog.getByText("“dashboard” is refused").waitFor();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await dialog.getByText("It is done").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("row", { name: "dashboard" }).getByText("revoked").waitFor();
  expect((await ask()).status).toBe(401);

  // The other tab knows of each login, and has its key.
  await other.locator("#row-gpu-01").waitFor();
  await page.getByRole("button", { name: "Log out" }).click();
  await other.getByLabel("Token").waitFor();
  await logIn(page, operator);
  // One in front is drawn often, and quick to be clicked in.
  await other.bringToFront();
  await other.getByLabel("Tick gpu-01").check();
  await other.getByRole("toolbar").getByRole("button", { name: "Uncordon" }).click();
  await other.getByRole("dialog").getByRole("button", { name: "Uncordon" }).click();
  await other.getByRole("dialog").getByText("1 skipped").waitFor();
});

test("who makes the first token of an open queen goes on with it, and sees it", async () => {
  const { page } = await openTab(`${await startQueen()}/ui/tokens`);
  await page.getByText("hives that have none of their own are refused").waitFor();
  await page.getByLabel("Name").fill("laptop");
  await page.getByRole("button", { name: "Make a token" }).click();
  await page.getByText("Shown this once").waitFor();
  const row = page.getByRole("row", { name: "laptop" });
  await row.getByText("operator").waitFor();
  await page.getByRole("link", { name: "Fleet" }).click();
  await page.locator("#row-gpu-01").waitFor();
  await page.getByRole("link", { name: "Tokens" }).click();
  expect(await page.locator(".moved code").textContent()).toMatch(/^hq_/);
  await page.getByRole("button", { name: "Hide" }).click();
  await row.waitFor();
  expect(await page.locator(".moved code").count()).toBe(0);
});

test("whoever makes the first token is told first whose heartbeats it keeps out", async () => {
  const origin = await startQueen();
  const beat = { hive_id: "gpu-02", timestamp: new Date().toISOString(), workers: [] };
  await postJson(`${origin}/v1/heartbeat`, beat);
  const { page } = await openTab(`${origin}/ui/tokens`);
  const make = page.getByRole("button", { name: "Make a token" });
  const dialog = page.getByRole("dialog", { name: "Make a token" });
  await page.getByLabel("Name").fill("laptop");
  await make.click();
  await dialog.getByText("These hives show none: gpu-02.").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(await inCatalog((catalog) => catalog.tokens.list())).toEqual([]);
  await page.getByLabel("Name").fill("laptop");
  await make.click();
  await dialog.getByRole("button", { name: "Make a token" }).click();
  await dialog.getByText("It is done").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByText("Shown this once").waitFor();
});

test("a hive that answers while none of its heartbeats arrives is marked so", async () => {
  const often = { QUEEN_STALE_AFTER_MS: "1000", QUEEN_HEALTH_INTERVAL_MS: "200" };
  const { url: origin } = await queens.open(often);
  const hive = await startHive();
  await postJson(`${origin}/v1/hives`, { id: "gpu-01", host: hive.host, port: hive.port });
  const { page } = await openTab(`${origin}/ui`);
  await page.locator("#row-gpu-01").getByText("not beating").waitFor();
});
