import { QueenClient } from "@repo/queen-client";
import { test } from "vitest";
import { queenProcesses } from "../queen-processes.ts";
import { until } from "../until.ts";
import { openTab } from "./tab.ts";

const queens = queenProcesses();

test("the page says that another queen runs on the catalog, until that one has ended", async () => {
  const { url: origin } = await queens.open();
  const { page } = await openTab(`${origin}/ui`);
  await page.getByText("No hives yet").waitFor();
  const second = queens.start();
  const queen = new QueenClient({ url: origin });
  await until("she has noticed", async () => (await queen.getHealth()).other_queens > 0);
  await queen.addHive({ id: "gpu-01", host: "127.0.0.1", port: 1 });
  const banner = page.getByText("Another queen runs on this catalog");
  await banner.waitFor();
  await second.kill("SIGTERM");
  await banner.waitFor({ state: "detached" });
});
