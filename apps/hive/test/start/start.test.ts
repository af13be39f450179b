import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HiveCatalog } from "../../../../packages/hive-catalog/src/index.ts";
import { addToken } from "../../../queen/test/tokens.ts";
import { eventually, fakeProgram, hangingScript, newMarker, temporaryFolder } from "../../src/testing.ts";
import { type Fleet, type Hive, isAlive, onlineHive, pathOf, START, settingsOfFleet, startFleet } from "./fleet.ts";

const cpu = { cores: os.availableParallelism(), ram_gb: Math.round(os.totalmem() / 1024 ** 3) };

test("one command shows this machine as an online hive, which it still is after a restart, and after everything was killed", async () => {
  const folder = temporaryFolder();
  const first = startFleet(folder);
  const before = await onlineHive(first);
  expect(before).toMatchObject({ id: "localhost", host: "127.0.0.1", devices: { cpu } });
  // Before it can beat: a beat of a hive that nobody added is refused, logged and counted.
  const told = first.messages().filter((message) => message === "hive added" || message === "hive listening");
  expect(told).toEqual(["hive added", "hive listening"]);
  const pids = [first.pidOf("queen"), first.pidOf("hive")];
  const moved = await fetch(`${await first.queenUrl()}/v1/hives/localhost`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: '{"host":"127.0.0.9"}',
  });
  expect(moved.status).toBe(200);
  await first.said("start: running: ");
  first.process.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  const url = await first.queenUrl();
  const [, shown = ""] = /```\n(start: running.*?)```/s.exec(readFileSync(pathOf("README.md"), "utf8")) ?? [];
  const here = shown
    .replaceAll("http://127.0.0.1:8500", url)
    .replace("8600", `${before.port}`)
    .replace("pnpm -s hivectl", `QUEEN_URL=${url} pnpm -s hivectl`);
  expect(first.stderr()).toBe(here.replace("/home/you/hive-catalog/data", folder));
  expect(pids.filter(isAlive)).toEqual([]);

  const second = startFleet(folder);
  expect(await hiveAtItsPort(second)).toMatchObject({ host: "127.0.0.1", created_at_ms: before.created_at_ms });
  await second.said(`start: catalog: ${folder}/hives.db, with 1 hive\n`);
  const killed = [second.pidOf("queen"), second.pidOf("hive")];
  for (const pid of killed) process.kill(pid, "SIGSTOP");
  second.process.kill("SIGKILL");
  for (const pid of killed) process.kill(pid, "SIGKILL");
  expect(await second.ended).toBe("SIGKILL");
  await eventually(() => (killed.some(isAlive) ? undefined : true), "the end of what start had started");

  const { id, devices, created_at_ms } = before;
  const third = startFleet(folder);
  expect(await hiveAtItsPort(third)).toMatchObject({ id, host: "127.0.0.1", devices, created_at_ms });
  const running = [third.pidOf("queen"), third.pidOf("hive")];
  third.process.kill("SIGKILL");
  await eventually(() => (running.some(isAlive) ? undefined : true), "the end of those whose start was killed alone");
});

/** The local hive, once it is at the port that it has now. */
async function hiveAtItsPort(fleet: Fleet): Promise<Hive> {
  const port = await fleet.hivePort();
  return eventually(async () => {
    const hive = await onlineHive(fleet);
    return hive.port === port ? hive : undefined;
  }, "the hive at the port that it has now");
}

test("adds the hive under HIVE_ID, and asks for nothing but free ports; where its nvidia-smi hangs, cores and memory are known all the same", async () => {
  const path = temporaryFolder();
  fakeProgram(path, "nvidia-smi", hangingScript(newMarker()));
  const fleet = startFleet(temporaryFolder(), { PATH: `${path}:${process.env.PATH}`, HIVE_ID: "desk.1" });
  const hive = { id: "desk.1", port: await fleet.hivePort(), devices: { cpu, gpus: null } };
  expect(await onlineHive(fleet, "desk.1")).toMatchObject(hive);
});

test("on a terminal the log of both is for people", async () => {
  const terminal = spawn("script", ["-qefc", `exec '${process.execPath}' '${START}'`, "/dev/null"], {
    env: { ...settingsOfFleet(temporaryFolder()), TERM: "xterm", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => terminal.once("close", resolve));
  let shown = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
  });
  await eventually(() => (shown.includes("start: running") ? true : undefined), "a queen and a hive");
  terminal.kill("SIGTERM");
  await ended;
  expect(shown).toMatch(/^\[[\d:.]+\] INFO: queen listening \{"host":"127\.0\.0\.1","port":\d+\}\r$/m);
  expect(shown).toMatch(
    /^\[[\d:.]+\] INFO: hive listening \{"hive":"localhost","host":"127\.0\.0\.1","port":\d+\}\r$/m,
  );
});

/** Makes a catalog that has the hive, and tokens. */
async function catalogWithTokens(folder: string): Promise<{ operatorToken: string; hiveToken: string }> {
  await using catalog = await HiveCatalog.open(join(folder, "hives.db"));
  await catalog.addHive({ id: "localhost", host: "127.0.0.1", port: 9 });
  const { token: operatorToken } = await addToken(catalog, "operator");
  const { token: hiveToken } = await addToken(catalog, "hive", "localhost");
  return { operatorToken, hiveToken };
}

test("works in a catalog with tokens when it is given one, and says so when not", async () => {
  const folder = temporaryFolder();
  const { operatorToken: token } = await catalogWithTokens(folder);
  const refused = startFleet(folder);
  expect(await refused.ended).toBe(1);
  expect(refused.stderr()).toContain("pnpm queen token create --name start --role operator --out start.token");
  expect(refused.stderr()).toContain("start with HIVE_TOKEN_FILE=localhost.token");

  const wrong = startFleet(folder, { QUEEN_TOKEN: "hq_wrong" });
  expect(await wrong.ended).toBe(1);
  expect(wrong.stderr()).toMatch(/^start: the queen answers 401 to POST \S+\/v1\/hives: [^{]+$/m);

  const fleet = startFleet(folder, { QUEEN_TOKEN: token });
  const url = `${await fleet.queenUrl()}/v1/hives/localhost`;
  const read = async () => (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json();
  await eventually(async () => {
    const { last_heartbeat_ms: beatMs } = (await read()) as { last_heartbeat_ms?: number | null };
    return beatMs ?? undefined;
  }, "a beat of the hive");
  await fleet.said("hivectl status with the same QUEEN_TOKEN");
  expect(fleet.stderr()).not.toContain(token.slice(20));
});

test("works in a catalog that has the hive with a token of the hive alone", async () => {
  const folder = temporaryFolder();
  const { hiveToken } = await catalogWithTokens(folder);
  const fleet = startFleet(folder, { HIVE_TOKEN: hiveToken });
  await eventually(() => fleet.messages().includes("queen reached") || undefined, "a beat that was taken");
  await fleet.said("start: running: ");
});
