import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { Fleet, type Json } from "../../queen/test/e2e/fleet.ts";
import { unusedPort } from "../../queen/test/lifecycle/port.ts";
import { startLlamaServer } from "../../queen/test/llama-server.ts";
import { HIVE } from "../../queen/test/programs.ts";
import { until } from "../../queen/test/until.ts";
import { FILE } from "./hivectl.ts";

const PAGE = new URL("../../../docs/hivectl.md", import.meta.url);
const AGENTS = ["gpu-01", "gpu-02", "gpu-03"];
const HIVES = 16;
const COLUMNS = 110;
const KILL_AFTER_MS = 60_000;

async function writeProgram(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

/** What the page takes to be there: a list of hives, hivectl, and agents with two GPUs and a model each. */
async function prepare({ folder, origin }: Fleet): Promise<void> {
  const hosts: string[] = [];
  for (let number = 1; number <= HIVES; number += 1) {
    const id = `gpu-${String(number).padStart(2, "0")}`;
    // Those that are only stored are where this queen may contact nobody.
    const host = AGENTS.includes(id) ? `127.0.0.1:${await unusedPort()}` : `10.0.1.${number}:8600`;
    hosts.push(`${id} ${host} rack=${number <= 8 ? "r11" : "r12"} env=prod`);
  }
  hosts[4] = hosts[4]?.replace("r11", "r12") ?? "";
  hosts[5] = hosts[5]?.replace("r11", "r12") ?? "";
  await writeFile(`${folder}/hives.txt`, `${hosts.join("\n")}\n`);
  await writeProgram(`${folder}/hivectl`, `HIVECTL_COMMAND=hivectl exec ${process.execPath} ${FILE} "$@"`);
  const gpus = [0, 1].map((index) => `echo "${index}, NVIDIA H100 80GB HBM3, 81559"`);
  await writeProgram(`${folder}/nvidia-smi`, gpus.join("\n"));
  const servers = await Promise.all(["llama-3-8b", "qwen3-32b", "llama-3-8b"].map((model) => startLlamaServer(model)));
  const cases = AGENTS.map((id, at) => `${id}) server=${servers[at]};;`);
  await writeProgram(
    `${folder}/start-agent`,
    `case $1 in ${cases.join(" ")} esac
HIVE_ID=$1 HIVE_PORT=$(sed -n "s/^$1 [^:]*:\\([0-9]*\\) .*/\\1/p" hives.txt) HIVE_QUEEN=${origin} HIVE_WORKERS=llamacpp=$server \\
HIVE_BEAT_INTERVAL_MS=100 HIVE_DISCOVER=false HIVE_TELEMETRY=false setsid ${process.execPath} ${HIVE} < /dev/null > /dev/null 2>&1 &
echo $! > $1.pid`,
  );
}

/** What a terminal shows of a command. */
async function show(command: string, { folder, origin }: Fleet): Promise<string> {
  const child = spawn("script", ["-qec", `stty cols ${COLUMNS} rows 50; ${command}`, "/dev/null"], {
    cwd: folder,
    env: {
      PATH: `${folder}:${dirname(process.execPath)}:/usr/bin:/bin`,
      SHELL: "/bin/bash",
      TERM: "xterm",
      NO_COLOR: "1",
      XDG_CONFIG_HOME: "/nonexistent",
      QUEEN_URL: origin,
    },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: KILL_AFTER_MS,
    killSignal: "SIGKILL",
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    shown += text;
  });
  await once(child, "close");
  return stripVTControlCharacters(shown).replaceAll("\r\n", "\n").replaceAll("\r", "");
}

/** Runs one, and waits until what it began is known to the queen. */
async function run(command: string, fleet: Fleet): Promise<string> {
  const shown = await show(command, fleet);
  const [, agent] = /^\.\/start-agent (\S+)/.exec(command) ?? [];
  if (agent !== undefined) await until("it is seen whole", async () => isSeen(await fleet.stateOf(agent)));
  return shown;
}

/** Its server is known, and the health checks that failed before it listened are over. */
const isSeen = ({ workers, unreachable_since_ms: failing }: Json): boolean =>
  Array.isArray(workers) && workers.length > 0 && failing === null;

/** Without what is another one each time: ages, times, ports, how wide they make a column, and who of several was done first. */
const steady = (page: string): string =>
  page
    .replaceAll(/\b\d+(?:\.\d+)?(?:ms|[smhd]| m?s)\b/g, "<age>")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/:\d{4,5}\b/g, ":<port>")
    .replaceAll(/\d+ cores and \d+ GB/g, "<devices>")
    .replaceAll(/[ …-]+$/gm, "")
    .replaceAll(/ {2,}/g, " ")
    .replaceAll(/(?:^gpu-.*\n)+/gm, (rows) => rows.split("\n").toSorted().join("\n"));

test("every command of docs/hivectl.md shows what stands there", async () => {
  await using fleet = await Fleet.create();
  await fleet.startQueen();
  await prepare(fleet);
  // What she says of herself at first depends on how soon she is asked.
  await until("she has begun to count silence", async () => {
    const { liveness } = (await fleet.request("GET", "/health")).body as Json & { liveness: Json };
    return liveness.state !== "grace";
  });
  const page = await readFile(PAGE, "utf8");
  const [first = "", ...blocks] = page.split("```console\n");
  let made = first;
  try {
    for (const block of blocks) {
      const end = block.indexOf("```\n");
      const [session, rest] = [block.slice(0, end), block.slice(end)];
      made += "```console\n";
      for (const line of session.split("\n").filter((one) => one.startsWith("$ "))) {
        made += `${line}\n${await run(line.slice(2), fleet)}`;
      }
      made += rest;
    }
  } finally {
    for (const id of AGENTS) await show(`kill -KILL "$(cat ${id}.pid)"`, fleet);
  }
  if (process.env.HIVECTL_PAGE === "write") await writeFile(PAGE, made);
  else expect(steady(made)).toBe(steady(page));
}, 180_000);
