import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bundleOf } from "../../../scripts/build/cache.js";
import { QUEEN } from "./programs.ts";
import { postJson, queenProcesses } from "./queen-processes.ts";
import { beatJson, workerJson } from "./test-queen.ts";

const README = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const HIVECTL = await bundleOf(fileURLToPath(new URL("../../hivectl/src/main.ts", import.meta.url)));
const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
/** What pnpm calls so. */
const PROGRAMS: Readonly<Record<string, string>> = {
  hivectl: HIVECTL,
  queen: QUEEN,
  "db:migrate": `${pathOf("../../../scripts/run.js")} ${pathOf("../../../packages/hive-catalog/scripts/db-migrate.ts")}`,
};
const queens = queenProcesses();

/** What the commands of a block say on stdout, as somebody types them who looks at this queen. */
async function said(commands: string, url: string): Promise<string> {
  const here = commands
    .replaceAll("localhost:8500", url)
    .replaceAll(/^curl /gm, "curl -sSf -w '\\n' ")
    .replaceAll(/^pnpm -s hivectl/gm, `${process.execPath} ${HIVECTL}`);
  const env = { PATH: process.env.PATH, QUEEN_URL: url };
  return (await promisify(execFile)("bash", ["-euc", here], { timeout: 30_000, env })).stdout.trim();
}

test("the commands of the README that look at a queen do what is said beside them", async () => {
  const { url } = await queens.open();
  // As `pnpm start` leaves it.
  await postJson(`${url}/v1/hives`, { id: "localhost", host: "127.0.0.1", port: 8600, status: "online" });
  const [, commands = ""] = README.match(/Then look:\n\n```sh\n(.*?)```/s) ?? [];
  const lines = (await said(commands, url)).split("\n");
  expect(lines[1]).toMatch(/^localhost +online /);
  expect(lines.filter((line) => line.startsWith("Status:"))).toEqual([expect.stringContaining("unknown")]);
  expect(lines.find((line) => line.startsWith("Cordon:"))).toContain("new fans");
  expect(lines.find((line) => line.startsWith("Fleet at "))).toContain("2 hives, 1 online, 0 offline, 1 unknown");
  expect(lines.at(-1)).toBe(commands.match(/counts +# (.*)/)?.[1]);
});

test("the commands of docs/security.md lock a new catalog and give a hive its token, in their order", async () => {
  const text = readFileSync(pathOf("../../../docs/security.md"), "utf8");
  const [, commands = ""] = text.match(/## In short\n\n```sh\n(.*?)```/s) ?? [];
  const [before = "", after = ""] = commands.split(/^QUEEN_HOST=.* pnpm queen(?: +#.*)?\n/m);
  const [cert, key] = [pathOf("tls/a.cert.pem"), pathOf("tls/a.key.pem")];
  const env = { PATH: process.env.PATH, QUEEN_DATABASE: queens.file, QUEEN_CA: cert };
  const run = (script: string) => {
    const here = script.replaceAll(/pnpm (?:-s )?([\w:]+)/g, (_, name) => `${process.execPath} ${PROGRAMS[name]}`);
    return execFileSync("bash", ["-euc", here], { cwd: queens.folder, encoding: "utf8", timeout: 60_000, env });
  };
  run(before);
  const queen = queens.start([], { QUEEN_HOST: "0.0.0.0", QUEEN_TLS_CERT: cert, QUEEN_TLS_KEY: key });
  const said = run(after.replace("https://queen.example:8500", `https://127.0.0.1:${await queen.port()}`));
  expect(said).toMatch(/^gpu-01 +unknown /m);
  expect(readFileSync(`${queens.folder}/gpu-01.token`, "utf8")).toMatch(/^hq_/);
});

test("the commands of docs/api.md that ask where to send work are answered with what stands below them", async () => {
  const { url } = await queens.open();
  await postJson(`${url}/v1/hives`, { id: "gpu-01", host: "127.0.0.1", port: 8600 });
  await postJson(`${url}/v1/heartbeat`, beatJson("gpu-01", [workerJson({ running: 0, slots: 4 })]));
  const text = readFileSync(pathOf("../../../docs/api.md"), "utf8");
  const [, commands = "", answers = ""] =
    text.match(/## Where to send work\n\n```sh\n(.*?)```\n\n```json\n(.*?)```/s) ?? [];
  const shown = answers
    .trim()
    .replaceAll(/,…(?=\})/g, "")
    .split("\n");
  const sure = shown.map((line) =>
    JSON.parse(line, (name, value) => (["claim_id", "until_ms"].includes(name) ? expect.anything() : value)),
  );
  const lines = (await said(commands, url)).split("\n").filter((line) => line !== "");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject(sure);
});

test("the commands of the README that find hives find what is said beside them", async () => {
  const { url } = await queens.open();
  for (const id of ["localhost", "gpu-01"]) await postJson(`${url}/v1/hives`, { id, host: "127.0.0.1", port: 8600 });
  const [, commands = ""] = README.match(/### Find\n.*?```sh\n(.*?)```/s) ?? [];
  const text = await said(commands, url);
  expect(text).toMatch(/^gpu-01$/m);
  expect(text).toMatch(/^env +1 .*prod/m);
  expect(text).toMatch(/^rack +1 .*r12/m);
});
