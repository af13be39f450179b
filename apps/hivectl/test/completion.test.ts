import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { QueenClient } from "@repo/queen-client";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { storeOddHive } from "../../queen/test/odd-hive.ts";
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
    await client.addHive({ id, host: "127.0.0.1", port: 1, labels: { rack, env: "prod" } });
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

test("what would steer a terminal, as another program may have called a hive, is not offered", async () => {
  await storeOddHive(`${queen.folder}/hives.db`, "gpu-\x1b[2J");
  expect(await offered("describe", "hive", "gpu")).toEqual(["gpu-01", "gpu-02"]);
  await new QueenClient({ url: queen.url }).removeHive("gpu-\x1b[2J");
});

const below = async (group: string) => (await offered(group, "")).map((verb) => [group, verb]);
const CHOICES = /^ +(?:-\w, )?(--[\w-]+) <.*\(choices: ([^)]*)\)/gm;

test.each([
  [["get", "hi"], ["hives"]],
  [["wai"], ["wait"]],
  [
    ["describe", "hive", "gpu"],
    ["gpu-01", "gpu-02"],
  ],
  [["cordon", "gpu-01", "c"], ["cpu-01"]],
  [["cordon", "gpu-01", "g"], ["gpu-02"]],
  [["label", "gpu-01", "ra"], ["rack="]],
  [
    ["label", "gpu-01", "rack=r"],
    ["rack=r11", "rack=r12"],
  ],
  [["label", "gpu-02", "gpu"], ["gpu-01"]],
  [["help", "cor"], ["cordon"]],
  [["help", "get", "h"], ["hives"]],
  [["help", "cordon", ""], []],
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
  [["get", "hives", "--columns", "st"], ["status"]],
  [["get", "hives", "--columns", "id,status,s"], ["id,status,since"]],
  [["get", "workers", "--columns=hive,mo"], ["--columns=hive,model"]],
  [
    ["get", "hives", "--sort", "a"],
    ["address", "age"],
  ],
  [["top", "--sort", "-g"], ["-gpu%"]],
  [
    ["top", "--sort=-l"],
    ["--sort=-load", "--sort=-loading"],
  ],
  [
    ["cordon", "--columns", ""],
    ["id", "outcome", "detail"],
  ],
  [["get", "hives", "--columns", "id,LAB"], ["id,LABELS"]],
  [["get", "hives", "--columns", "ID,i"], []],
  [["get", "hives", "--sort=-LA"], ["--sort=-LABELS"]],
  [["cordon", "--sort", ""], []],
  [["--columns", ""], []],
  [["get", "hives", "--status", "online,o"], ["online,offline"]],
  [
    ["get", "hives", "--status=offline,"],
    ["--status=offline,online", "--status=offline,unknown"],
  ],
  [
    ["get", "events", "--kind", "cordon,hive_"],
    ["cordon,hive_added", "cordon,hive_changed", "cordon,hive_removed"],
  ],
  [["get", "operations", "--state", "s"], ["succeeded"]],
  [["get", "operations", "--state", "running,succeeded,f"], ["running,succeeded,failed"]],
  [["get", "workers", "--state", "lo"], ["loading"]],
  [
    ["token", "create", "--role", ""],
    ["operator", "reader", "hive"],
  ],
  [
    ["token", "create", "--hive", "gpu"],
    ["gpu-01", "gpu-02"],
  ],
  [["add", "--label", "rack=r11"], ["rack=r11"]],
])("for the last word of %j it offers %j", async (words, found) => {
  expect(await offered(...words)).toEqual(found);
});

/** Of each flag of each verb that says which values there are. */
test("every flag whose help names its values offers them all", async () => {
  const verbs = (await offered("")).filter((verb) => verb !== "help");
  const lines = [...verbs.map((verb) => [verb]), ...(await below("get")), ...(await below("token"))];
  let count = 0;
  for (const words of lines) {
    const { stdout } = await hivectl([...words, "--help"]);
    for (const [, flag = "", said = ""] of stdout.replaceAll(/\n {10,}/g, " ").matchAll(CHOICES)) {
      const choices = said.replace(/, default: .*/, "").match(/(?<=")[^",]+(?=")/g) ?? [];
      expect(await offered(...words, flag, ""), `${words.join(" ")} ${flag}`).toEqual(choices);
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(lines.length);
});

test("operations and tokens are offered by their ids, where they are asked for", async () => {
  const client = new QueenClient({ url: queen.url });
  const { id: token } = await client.createToken({ name: "x", role: "hive", hive_id: "gpu-01" });
  const { id: revoked } = await client.createToken({ name: "y", role: "hive", hive_id: "gpu-02" });
  await client.revokeToken(revoked);
  expect(await offered("token", "revoke", "")).toEqual([token]);
  expect(await offered("token", "revoke", token, "")).toEqual([]);
  const catalog = await HiveCatalog.open(`${queen.folder}/hives.db`);
  const deadlineMs = Date.now() + 60_000;
  await catalog.operations.begin({ id: "start-1", hiveId: "gpu-01", kind: "start", owner: "x", deadlineMs });
  await catalog.close();
  expect(await offered("describe", "operation", "s")).toEqual(["start-1"]);
  expect(await offered("wait", "--for", "op=")).toEqual(["op=", "op=start-1"]);
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
  await shell.type("hivectl get hives --columns id,lab\t", /--columns id,labels /);
  await shell.type("hivectl get hives --columns id,LAB\t", /--columns id,LABELS /);
  await shell.type("hivectl get hives --columns=id,lab\t", /--columns=id,labels /);
  await shell.type("hivectl get hives --sort -ag\t", /--sort -age /);
  await shell.type("hivectl get hives --status online,of\t", /--status online,offline /);
  await shell.type("hivectl get events --kind cordon,li\t", /--kind cordon,liveness /);
  await shell.type("hivectl wait --for of\t", /--for offline /);
  await shell.type("hivectl token create --role r\t", /--role reader /);
  await shell.type("hivectl -o ya\t", /-o yaml /);
  await shell.type("hivectl cordon --selector=rack=r12,e\tp\t", /--selector=rack=r12,env=prod /);
});

test("another shell than these is a wrong call", async () => {
  expect(await hivectl(["completion", "tcsh"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("bash, zsh"),
  });
});
