import { expect, test } from "vitest";
import { Fleet, hiveIds } from "../e2e/fleet.ts";
import { unusedPort } from "../lifecycle/port.ts";
import { Sshd } from "../lifecycle/sshd.ts";
import { findingsIn } from "./axe.ts";
import { openTab } from "./tab.ts";

/** One of four is no mass failure, one of three is. */
const HOLD = {
  QUEEN_MASS_FAILURE_HOLD_MS: "600000",
  QUEEN_MASS_FAILURE_MIN: "1",
  QUEEN_MASS_FAILURE_SHARE: "0.3",
};

test("an agent that is killed goes offline in view; of many at once it is said, how many as they are, and an operator confirms that they are gone", async () => {
  await using fleet = await Fleet.create();
  await fleet.startQueen(HOLD);
  const [first, second, third, last] = await Promise.all(hiveIds(4).map((id) => fleet.startRack([id])));
  const { page, faults } = await openTab(`${fleet.origin}/ui`);
  await page.getByRole("link", { name: "4 online" }).waitFor();
  await page.evaluate("window.isSame = true");
  await first?.kill("SIGKILL");
  await page.locator("#row-hive-00 .state.is-offline").waitFor();
  await page.getByRole("link", { name: "1 offline" }).waitFor();

  await second?.kill("SIGKILL");
  await page.getByText("1 of 3 online hives went missing at once").waitFor();
  await third?.kill("SIGKILL");
  await page.getByText("2 of 3 online hives went missing at once").waitFor();
  expect(await findingsIn(page)).toEqual([]);
  await last?.kill("SIGKILL");
  const banner = page.getByText("No hive at all is heard: the queen may have lost her network");
  await banner.waitFor();
  expect(await page.locator("#row-hive-01 .state").textContent()).toContain("online");
  await page.getByRole("button", { name: "They are gone: confirm" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "They are gone: confirm" }).click();
  await dialog.getByText("It is done").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByRole("link", { name: "4 offline" }).waitFor();
  await page.locator("#row-hive-03 .state.is-offline").waitFor();
  await banner.waitFor({ state: "detached" });
  expect(await page.evaluate("window.isSame")).toBe(true);
  expect(faults).toEqual([]);
});

/** Runs in the page: notes each state in which its steps are shown. */
const NOTE_STEPS = `window.shown = [];
  new MutationObserver(() => {
    const steps = [...document.querySelectorAll(".steps li")];
    const text = steps.map((step) => step.querySelector("b").textContent + ": " + step.querySelector(".state").textContent).join();
    if (text !== "" && text !== shown.at(-1)) shown.push(text);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });`;

test("a host key is compared and confirmed, and an installation over SSH is followed to its end", async () => {
  await using sshd = await Sshd.start();
  await using fleet = await Fleet.create();
  const port = await unusedPort();
  await fleet.startQueen({
    QUEEN_PORT: String(port),
    QUEEN_PUBLIC_URL: `http://127.0.0.1:${port}`,
    QUEEN_SSH_IDENTITY: sshd.identity,
    HOME: sshd.folder,
  });
  const ssh = { ssh_host: "127.0.0.1", ssh_port: sshd.port, ssh_user: sshd.account.name };
  await fleet.request("POST", "/v1/hives", { id: "gpu-01", host: "127.0.0.1", port: await unusedPort(), ...ssh });
  const { page, faults } = await openTab(`${fleet.origin}/ui/hives/gpu-01`);
  await page.getByText("No key is confirmed yet").waitFor();
  await page.getByRole("button", { name: "Ask the host for its keys" }).click();
  await page.getByText(sshd.fingerprint("host_key")).waitFor();
  const confirm = page.getByRole("button", { name: "Confirm" });
  expect(await confirm.isDisabled()).toBe(true);
  await page.getByLabel("I have compared it").check();
  await confirm.click();
  await page.getByText("Confirmed", { exact: true }).waitFor();

  await page.getByRole("button", { name: "Install" }).click();
  const dialog = page.getByRole("dialog", { name: "Install" });
  await dialog.getByRole("button", { name: "Install" }).click();
  await page.evaluate(NOTE_STEPS);
  await dialog.getByRole("link", { name: "steps" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.locator(".facts .is-succeeded").waitFor();
  const [operation] = (await fleet.request("GET", "/v1/operations")).body.operations as { steps: { name: string }[] }[];
  const names = operation?.steps.map(({ name }) => name.replaceAll("_", " ")) ?? [];
  expect(names).toHaveLength(13);
  const shown = (await page.evaluate<string[]>("shown")).map((text) => text.split(","));
  expect(shown.at(-1)).toEqual(names.map((name) => `${name}: done`));
  // One step after the other, each behind those that are done.
  for (const steps of shown) {
    const [last = "", ...before] = steps.toReversed();
    expect(before.toReversed()).toEqual(names.slice(0, before.length).map((name) => `${name}: done`));
    expect([`${names[before.length]}: running`, `${names[before.length]}: done`]).toContain(last);
  }
  expect(shown.some((steps) => steps.at(-1)?.endsWith("running"))).toBe(true);
  await page.getByRole("link", { name: "gpu-01" }).click();
  await page.getByRole("heading", { name: "Why it is online" }).waitFor();
  await page.getByRole("link", { name: "install", exact: true }).waitFor();
  expect(faults).toEqual([]);
}, 120_000);
