import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { QueenClient } from "@repo/queen-client";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { hivectl } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";
import { Shell } from "./shell.ts";

const queen = queenForAll();

beforeAll(async () => {
  const client = new QueenClient({ url: queen.url });
  for (const [id, rack] of [
    ["gpu-01", "r11"],
    ["gpu-02", "r12"],
    ["cpu-01", "r12"],
  ] as const) {
    await client.addHive({ id, host: "127.0.0.1", port: 8601, labels: { rack, env: "prod" } });
  }
});

/** What is offered for the last of these words, however busy the machine is. */
const offered = (...words: string[]) => offeredWithin("20s", ...words);

async function offeredWithin(timeout: string, ...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await hivectl(["--timeout", timeout, "__complete", "--", ...words], {
    QUEEN_URL: queen.url,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.split("\n").slice(0, -1);
}

test.each([
  [["get", "hi"], ["hives"]],
  [["wai"], ["wait"]],
  [
    ["describe", "hive", "gpu"],
    ["gpu-01", "gpu-02"],
  ],
  [["cordon", "gpu-01", "c"], ["cpu-01"]],
  [
    ["get", "hives", "--status", "o"],
    ["online", "offline"],
  ],
  [["get", "hives", "--status=of"], ["--status=offline"]],
  [
    ["get", "hives", "-l", ""],
    ["env=", "rack="],
  ],
  [
    ["get", "hives", "-l", "rack="],
    ["rack=r11", "rack=r12"],
  ],
  [["cordon", "-l", "env=prod,!r"], ["env=prod,!rack"]],
  [["cordon", "--selector=env!=p"], ["--selector=env!=prod"]],
  [["completion", "z"], ["zsh"]],
  [
    ["-o", "js"],
    ["json", "jsonl"],
  ],
  [["__"], []],
  [["get", "hives", "--limit", "g"], []],
  [["cordon", "--unr"], ["--unreachable"]],
  [["wait", "--on-"], ["--on-probation"]],
  [
    ["wait", "--for", "o"],
    ["online", "offline", "op="],
  ],
])("for the last word of %j it offers %j", async (words, found) => {
  expect(await offered(...words)).toEqual(found);
});

test("contexts are offered by name", async () => {
  await using folder = await temporaryFolder();
  const env = { XDG_CONFIG_HOME: folder.path };
  for (const name of ["lab", "prod"]) await hivectl(["context", "add", name, "http://127.0.0.1:1"], env);
  for (const verb of ["use", "remove"]) {
    expect((await hivectl(["__complete", "--", "context", verb, "p"], env)).stdout).toBe("prod\n");
  }
});

test("flags are those of the verb and of every verb", async () => {
  expect(await offered("get", "hives", "--c")).toEqual(expect.arrayContaining(["--cores", "--cordoned", "--columns"]));
});

test("it asks the queen that the line names, and offers nothing where she says nothing in time", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => {
    silent.close();
    silent.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  expect(await offeredWithin("200ms", "--url", url, "describe", "hive", "")).toEqual([]);
  expect(await offered("--url", queen.url, "describe", "hive", "c")).toEqual(["cpu-01"]);
  expect(await offered("--context", "none", "describe", "hive", "")).toEqual([]);
});

test.each(["bash", "zsh", "fish"] as const)("%s completes verbs, flags, ids and labels", async (name) => {
  await using shell = await Shell.start(name, { QUEEN_URL: queen.url });
  await shell.type("hivectl descr\thi\tc\t", /hivectl describe hive cpu-01 /);
  await shell.type("hivectl get hives --cordo\t", /--cordoned /);
  await shell.type("hivectl cordon -l ra\t", /-l rack=$/);
  await shell.type("hivectl cordon -l rack=r\t\t", /r11 +(?:rack=)?r12/);
  await shell.type("hivectl cordon --selector=rack=r12,e\tp\t", /--selector=rack=r12,env=prod /);
});

test("another shell than these is a wrong call", async () => {
  expect(await hivectl(["completion", "tcsh"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("bash, zsh"),
  });
});
