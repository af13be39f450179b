import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { readPage } from "../../../../scripts/build/page.js";
import { postJson } from "../queen-processes.ts";
import { startTestQueen } from "../test-queen.ts";
import { openTab } from "./tab.ts";

type ReadPage = typeof readPage;

/** The page with another file, under another name, in the place of the one that ends so. */
const withOther =
  (ending: string): ReadPage =>
  async () =>
    new Map(
      [...(await readPage())].map(([name, bytes]) =>
        name.endsWith(ending) ? [`other${ending}`, Buffer.concat([bytes, Buffer.from("/* other */")])] : [name, bytes],
      ),
    );

async function startQueen(read: ReadPage, port = 0) {
  const queen = await startTestQueen({ readPage: read });
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) await queen[Symbol.asyncDispose]();
    isStopped = true;
  };
  onTestFinished(stop);
  await queen.app.listen({ host: "127.0.0.1", port });
  return { stop, port: (queen.app.server.address() as AddressInfo).port };
}

test.each([
  ["script", ".js"],
  ["style sheet", ".css"],
])(
  "a queen who comes back with another %s is said to be updated, and the page is loaded anew when told to",
  async (_what, ending) => {
    const first = await startQueen(readPage);
    const { page } = await openTab(`http://127.0.0.1:${first.port}/ui`);
    await page.getByRole("heading", { name: "No hives yet" }).waitFor();
    await first.stop();
    await startQueen(withOther(ending), first.port);
    const notice = page.getByText("The queen was updated");
    await notice.waitFor();
    await page.getByRole("button", { name: "Reload" }).click();
    await page.locator(`head [src$="other${ending}"], head [href$="other${ending}"]`).waitFor({ state: "attached" });
    await page.getByRole("heading", { name: "No hives yet" }).waitFor();
    expect(await notice.count()).toBe(0);
  },
);

test("a queen of another version is said to be updated, whatever her page; the same one is not, though hives that she does not have are gone", async () => {
  const first = await startQueen(readPage);
  const origin = `http://127.0.0.1:${first.port}`;
  await postJson(`${origin}/v1/hives`, { id: "gpu-01", host: "127.0.0.1", port: 1 });
  const { page } = await openTab(`${origin}/ui`);
  await page.getByLabel("Tick gpu-01").check();
  await first.stop();
  const asked = page.waitForResponse((answer) => answer.url().endsWith("/v1/me"));
  const second = await startQueen(readPage, first.port);
  await asked;
  expect(await page.getByText("The queen was updated").count()).toBe(0);
  await page.locator("#row-gpu-01.is-gone").waitFor();
  await page.getByRole("toolbar").waitFor({ state: "detached" });
  await second.stop();
  await page.route("**/v1/me", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), version: "99.0.0" } });
  });
  await startQueen(readPage, first.port);
  await page.getByText("The queen was updated").waitFor();
});
