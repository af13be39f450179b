import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { HiveCatalog } from "@repo/hive-catalog";
import { QueenClient } from "@repo/queen-client";
import { expect, test } from "vitest";
import { storeOddHive } from "../../queen/test/odd-hive.ts";
import { addToken } from "../../queen/test/tokens.ts";
import { until } from "../../queen/test/until.ts";
import { hivectl, inTerminal } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();
const call = (...args: string[]) => hivectl(args, { QUEEN_URL: queen.url });
const create = (...args: string[]) => call("token", "create", ...args);
const beat = (id: string, headers = {}) =>
  fetch(`${queen.url}/v1/heartbeat`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ hive_id: id, timestamp: new Date().toISOString(), workers: [] }),
  });

test("token create --out-dir makes one for each hive that is chosen and has none, in a file for its owner alone", async () => {
  const client = new QueenClient({ url: queen.url });
  for (const id of ["gpu-01", "gpu-02", "gpu-03"]) {
    await client.addHive({ id, host: "127.0.0.1", port: 1, labels: { rack: id === "gpu-03" ? "r2" : "r1" } });
  }
  const folder = `${queen.folder}/tokens`;
  const chosen = await create("--role", "hive", "-l", "rack=r1", "--out-dir", folder, "--json");
  expect(chosen).toMatchObject({ code: 0, stderr: expect.stringContaining("HIVE_TOKEN_FILE") });
  const { tokens } = JSON.parse(chosen.stdout);
  expect(tokens).toMatchObject([
    { hive_id: "gpu-01", file: `${folder}/gpu-01.token` },
    { hive_id: "gpu-02", file: `${folder}/gpu-02.token` },
  ]);
  for (const { id, file } of tokens) {
    expect(readFileSync(file, "utf8")).toMatch(new RegExp(`^hq_${id}_\\S+\n$`));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  }
  writeFileSync(`${folder}/gpu-03.token`, "mine");
  expect(await create("--role", "hive", "--out-dir", folder)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/2 of 3 have a token in force.*\n.*gpu-03\.token is there already, and stays/),
  });
  expect(readFileSync(`${folder}/gpu-03.token`, "utf8")).toBe("mine");
  expect((await client.listTokens()).tokens).toHaveLength(2);
});

test("token create --out puts a token into a new file for its owner alone, and none into one that is there", async () => {
  const file = `${queen.folder}/one.token`;
  const one = ["--name", "one", "--role", "hive", "--hive", "gpu-03", "--out", file];
  const made = await create(...one, "-o", "jsonl");
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining("HIVE_TOKEN_FILE") });
  const { id, ...others } = JSON.parse(made.stdout);
  expect(others).toEqual({ hive_id: "gpu-03", file });
  const token = readFileSync(file, "utf8");
  expect(token).toMatch(new RegExp(`^hq_${id}_\\S+\n$`));
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const isThere = { code: 1, stdout: "", stderr: `hivectl: one: ${file} is there already, and stays as it is\n` };
  expect(await create(...one)).toEqual(isThere);
  expect(readFileSync(file, "utf8")).toBe(token);
  const { tokens } = await new QueenClient({ url: queen.url }).listTokens();
  expect(tokens.filter(({ hive_id }) => hive_id === "gpu-03")).toMatchObject([{ id }]);
});

test("token create --out-dir writes nowhere else, whatever another program called a hive", async () => {
  const tooLong = "x".repeat(300);
  for (const id of ["../escaped", tooLong]) await storeOddHive(`${queen.folder}/hives.db`, id);
  const folder = `${queen.folder}/odd`;
  const made = await create("--role", "hive", "-l", "!rack", "--out-dir", folder, "--json");
  // One whose file cannot be keeps none of the others back.
  expect(made).toMatchObject({ code: 3, stderr: expect.stringContaining("ENAMETOOLONG") });
  const { tokens } = JSON.parse(made.stdout);
  expect(tokens).toMatchObject([{ hive_id: "../escaped" }]);
  expect(readdirSync(folder)).toEqual(["..%2Fescaped.token"]);
});

test("a hive has a token until that expires, and then gets another", async () => {
  const client = new QueenClient({ url: queen.url });
  const catalog = await HiveCatalog.open(`${queen.folder}/hives.db`);
  for (const [id, expiresAtMs] of [
    ["old-01", 1],
    ["new-01", Date.now() + 3_600_000],
  ] as const) {
    await client.addHive({ id, host: "127.0.0.1", port: 1, labels: { rack: "r9" } });
    await addToken(catalog, "hive", id, expiresAtMs);
  }
  await catalog.close();
  const made = await create("--role", "hive", "-l", "rack=r9", "--out-dir", `${queen.folder}/renewed`, "--json");
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining("1 of 2 have a token in force") });
  expect(JSON.parse(made.stdout).tokens).toMatchObject([{ hive_id: "old-01" }]);
});

test("a folder that cannot be made is told, and no token is made", async () => {
  const { tokens } = await new QueenClient({ url: queen.url }).listTokens();
  expect(await create("--role", "hive", "--out-dir", "/proc/nosuch/deep")).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/\nhivectl: ENOENT: [^\n]*'\/proc\/nosuch'\n$/),
  });
  expect((await new QueenClient({ url: queen.url }).listTokens()).tokens).toHaveLength(tokens.length);
});

test("token create refuses to choose hives for one token, and --out-dir for another role", async () => {
  for (const args of [
    ["--role", "reader", "--name", "x", "-l", "rack=r1"],
    ["--role", "reader", "--out-dir", "x"],
    ["--role", "hive", "--hive", "gpu-01", "--out-dir", "x"],
    ["--role", "hive", "--out", "x", "--out-dir", "x"],
    ["--role", "reader"],
  ]) {
    expect(await create(...args), args.join(" ")).toMatchObject({ code: 2, stdout: "" });
  }
});

test("the first token of an operator is asked for where it would keep hives out, with which ones", async () => {
  const token = readFileSync(`${queen.folder}/tokens/gpu-01.token`, "utf8").trim();
  for (const id of ["gpu-01", "gpu-02", "gpu-03"]) expect(await beat(id)).toMatchObject({ status: 200 });
  // The queen may not have read it yet.
  await until("its use is noted", async () => {
    await beat("gpu-01", { authorization: `Bearer ${token}` });
    const { tokens } = await new QueenClient({ url: queen.url }).listTokens();
    return tokens.some(({ last_used_at_ms }) => last_used_at_ms !== null);
  });
  const first = ["token", "create", "--name", "me", "--role", "operator"];
  const says = /the first token locks the queen, and 2 of the hives that beat show none \(gpu-02, gpu-03\)/;
  const asked = await inTerminal(first, { QUEEN_URL: queen.url }, { columns: 200, typedAfter: "[y/N]" }, "n\n");
  expect(asked).toMatchObject({ code: 1, stdout: expect.stringMatching(says) });
  expect(asked.stdout).toContain("`hivectl token create --role hive --out-dir tokens`");
  expect(asked.stdout).toContain("nothing was done");
  expect(await call(...first)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(says) });
  expect(await beat("gpu-03")).toMatchObject({ status: 200 });
  expect(await call(...first, "-y")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^hq_/) });
  expect(await beat("gpu-03")).toMatchObject({ status: 401 });
});
