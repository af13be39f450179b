import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { buildDist } from "../../../scripts/build/dist.js";
import { Daemon } from "./daemon.ts";
import { type OperationJson, operate } from "./lifecycle/operation.ts";
import { unusedPort } from "./lifecycle/port.ts";
import { Sshd } from "./lifecycle/sshd.ts";
import { postJson } from "./queen-processes.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PROGRAMS = ["queen", "hive", "hivectl", "catalog", "db-migrate"];
/** Node and the programs of the system, and nothing of the repository. */
const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`;

let built: string;

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), "dist-"));
  await buildDist(join(built, "dist"));
});

afterAll(() => rm(built, { recursive: true }));

/** An empty folder into which dist/ was copied, and nothing else. */
async function machine() {
  const folder = await mkdtemp(join(tmpdir(), "machine-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(join(built, "dist"), join(folder, "dist"), { recursive: true });
  const fileOf = (program: string) => join(folder, "dist", `${program}.js`);
  const run = (program: string, ...args: string[]) => {
    const options = { cwd: folder, env: { PATH, HOME: folder }, encoding: "utf8", timeout: 60_000 } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [fileOf(program), ...args], options);
    return { status, stdout, stderr };
  };
  const start = (name: "queen" | "hive", env: NodeJS.ProcessEnv = {}, file = fileOf(name)) => {
    const all = {
      QUEEN_DATABASE: join(folder, "data", "hives.db"),
      QUEEN_PORT: "0",
      HIVE_PORT: "0",
      PATH,
      HOME: folder,
    };
    const daemon = new Daemon(name, [], { ...all, ...env }, file);
    onTestFinished(() => daemon[Symbol.asyncDispose]());
    return daemon;
  };
  return { folder, fileOf, run, start };
}

const requestTo = (origin: string) => async (method: string, path: string) => {
  const answer = await fetch(`${origin}${path}`, { method });
  return { status: answer.status, body: (await answer.json()) as OperationJson };
};

test("one byte for each character of a program is enough to keep it in memory", async () => {
  for (const program of PROGRAMS) {
    // One other character, and the engine keeps two for each: of the queen that is two megabytes.
    expect(await readFile(join(built, "dist", `${program}.js`), "utf8")).not.toMatch(/[^\0-\xff]/);
  }
});

test("the commands work on a catalog, and each is called in its help as it is called there", async () => {
  const { folder, run } = await machine();
  for (const program of PROGRAMS) {
    const called = new RegExp(`node (?:dist/)?${program}\\.js`);
    expect(run(program, "--help")).toMatchObject({ status: 0, stdout: expect.stringMatching(called) });
  }
  expect(run("db-migrate")).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^data\/hives\.db: applied \d+ /),
  });
  expect(run("db-migrate")).toMatchObject({ status: 0, stdout: "data/hives.db is up to date\n" });
  const token = run("queen", "token", "create", "--name", "me", "--role", "operator");
  expect(token).toMatchObject({ status: 0, stdout: expect.stringMatching(/^hq_/) });
  expect(run("catalog", "backup", "copy.db")).toMatchObject({ status: 0 });
  expect(run("catalog", "restore", "copy.db", "--database", "restored.db")).toMatchObject({ status: 0 });
  expect(run("catalog", "check", "--database", "restored.db")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("restored.db is sound: 0 hives read, 0 damaged; 1 other record, 0 damaged"),
  });
  expect(run("catalog", "info").stdout).toMatch(/^versions +SQLite \d\S+, libsql \d\S+$/m);
  expect((await readdir(folder)).sort()).toEqual(["copy.db", "data", "dist", "restored.db"]);
});

test("programs built beside the migrations of an older version say so, and call no catalog up to date or sound", async () => {
  const { folder, run } = await machine();
  expect(run("db-migrate")).toMatchObject({ status: 0 });
  const journal = join(folder, "dist", "assets", "drizzle", "meta", "_journal.json");
  const { entries, ...rest } = JSON.parse(await readFile(journal, "utf8"));
  await writeFile(journal, JSON.stringify({ ...rest, entries: entries.slice(0, 5) }));
  const manifest = join(folder, "dist", "package.json");
  const asBuilt = JSON.parse(await readFile(manifest, "utf8"));
  await writeFile(manifest, JSON.stringify({ ...asBuilt, sizes: {} }));
  for (const [program, ...args] of [["db-migrate"], ["catalog", "check"], ["queen"]] as const) {
    const { status, stderr } = run(program, ...args);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^[^\n]*migrations at [^\n]* are of another version .*copy dist\/ as a whole/),
    });
  }
});

test.each([
  ["libsql.node", "cut short"],
  ["libsql.node", "missing"],
  ["sql-thread-worker.js", "missing"],
  ["queen.js", "empty"],
  ["assets/page", "missing"],
  ["package.json", "missing"],
])("a folder of which a copy was broken off is not run: its %s is %s", async (name, how) => {
  const { folder, run } = await machine();
  const path = join(folder, "dist", name);
  if (how === "missing") await rm(path, { recursive: true });
  else await truncate(path, how === "empty" ? 0 : (await stat(path)).size / 2);
  const { status, stderr } = run("db-migrate");
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(
      `(?:^|\n)db-migrate: ${path}\\S* is not there, cut short, .*: copy dist/ as a whole\n$`,
    ),
  });
  expect(await readdir(folder)).toEqual(["dist"]);
});

test("by the steps of the handbook each next version takes the place of the one before, whatever an earlier one, or one that broke off, left there", async () => {
  const { folder, run, start } = await machine();
  run("db-migrate");
  const handbook = await readFile(join(ROOT, "docs", "operations.md"), "utf8");
  const [, steps = ""] = /### The next version\n\n```sh\n(.*?)```/s.exec(handbook) ?? [];
  const here = steps.replaceAll("queen.example:", "").replaceAll(/(?<= )(?=\/(?:opt|backups|var)\b)/g, folder);
  for (const each of ["opt", "var/lib"]) await mkdir(join(folder, each), { recursive: true });
  await rename(join(folder, "data"), join(folder, "var/lib/queen"));
  const catalog = join(folder, "opt", "hive-catalog");
  await cp(join(folder, "dist"), catalog, { recursive: true });
  const versionIn = (place: string) => readFile(join(place, "VERSION"), "utf8");
  await writeFile(join(catalog, "VERSION"), "0");
  const port = await unusedPort();
  const [untilStart = "", onceStarted = ""] = here.replaceAll("8500", `${port}`).split(/^systemctl start queen.*$/m);
  const done = (commands: string) => {
    const script = `set -e; scp() { cp "$@"; }; systemctl() { :; }; ${commands}`;
    const options = { cwd: folder, env: { PATH }, encoding: "utf8", timeout: 60_000 } as const;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script], options);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return stdout;
  };
  for (const version of [1, 2]) {
    await writeFile(join(folder, "dist", "VERSION"), `${version}`);
    await mkdir(`${catalog}.next`);
    done(untilStart);
    expect([await versionIn(catalog), await versionIn(`${catalog}.before`)]).toEqual([`${version}`, `${version - 1}`]);
    const env = { QUEEN_DATABASE: join(folder, "var/lib/queen/hives.db"), QUEEN_PORT: `${port}` };
    await using _queen = start("queen", env, join(catalog, "queen.js"));
    expect(done(onceStarted).trim()).toBe('{"status":"ok"}');
  }
  expect((await readdir(join(folder, "opt"))).sort()).toEqual(["hive-catalog", "hive-catalog.before"]);
  expect((await readdir(catalog)).sort()).toEqual((await readdir(join(folder, "dist"))).sort());
});

test("the queen shows her API and her metrics", async () => {
  const { start } = await machine();
  const origin = await start("queen").origin();
  for (const path of [
    "/openapi.json",
    "/docs",
    "/docs/swagger-ui-bundle.js",
    "/docs/swagger-ui.css",
    "/metrics",
    "/ui",
  ]) {
    const answer = await fetch(`${origin}${path}`);
    expect([path, answer.status, (await answer.text()).length > 100]).toEqual([path, 200, true]);
  }
});

test("a queen whose folder is gone still shows her page and the description of her API, and says that an install lacks the agent", async () => {
  const { folder, start } = await machine();
  const origin = await start("queen").origin();
  await rm(join(folder, "dist"), { recursive: true });
  const shell = await (await fetch(`${origin}/ui`)).text();
  const loaded = [...shell.matchAll(/(?:src|href)="(ui\/[^"]+)"/g)].map(([, path]) => `/${path}`);
  expect(loaded).toHaveLength(2);
  for (const path of [...loaded, "/openapi.json"])
    expect([path, (await fetch(`${origin}${path}`)).status]).toEqual([path, 200]);

  await postJson(`${origin}/v1/hives`, { id: "gpu-01", host: "127.0.0.1", port: await unusedPort() });
  expect(await operate(requestTo(origin), "install", "gpu-01")).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/hive\.js.*AGENT_FILE_MISSING.*build or unpack the queen anew/),
  });
});

test("the agent is one file, which needs nothing beside it", async () => {
  const { folder, fileOf, start } = await machine();
  const agent = join(folder, "agent.mjs");
  await rename(fileOf("hive"), agent);
  await rm(join(folder, "dist"), { recursive: true });
  const origin = await start("hive", {}, agent).origin();
  const devices = await (await fetch(`${origin}/v1/devices`)).json();
  expect(devices).toMatchObject({ cpu: { cores: expect.any(Number) }, gpus: expect.any(Array) });
});

test("the queen installs that agent over SSH, and it beats", async () => {
  const { fileOf, start } = await machine();
  await using sshd = await Sshd.start();
  const port = await unusedPort();
  const queen = start("queen", {
    QUEEN_PORT: String(port),
    QUEEN_PUBLIC_URL: `http://127.0.0.1:${port}`,
    QUEEN_SSH_IDENTITY: sshd.identity,
  });
  const origin = await queen.origin();
  const ssh = { ssh_host: "127.0.0.1", ssh_port: sshd.port, ssh_user: sshd.account.name };
  await postJson(`${origin}/v1/hives`, { id: "gpu-01", host: "127.0.0.1", port: await unusedPort(), ...ssh });
  await postJson(`${origin}/v1/hives/gpu-01/ssh-host-key`, { fingerprint: sshd.fingerprint("host_key") });
  expect(await operate(requestTo(origin), "install", "gpu-01")).toMatchObject({ state: "succeeded", problem: null });
  const hashOf = async (path: string) =>
    createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  const installed = join(sshd.home, ".hive", "gpu-01", "agent.mjs");
  expect(await hashOf(installed)).toBe(await hashOf(fileOf("hive")));
  expect(await (await fetch(`${origin}/v1/hives/gpu-01`)).json()).toMatchObject({ status: "online" });
});

test("on another platform what has a binary says so in a sentence and ends with 2, and the agent runs all the same", async () => {
  const { folder, run } = await machine();
  const path = join(folder, "dist", "package.json");
  const manifest = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...manifest, os: ["sunos"], cpu: ["mips"], libc: [] }));
  for (const program of ["queen", "catalog", "db-migrate"]) {
    const sentence = `${program}: this build is for sunos mips, and here is ${process.platform} ${process.arch}`;
    expect(run(program, "--help")).toEqual({
      status: 2,
      stdout: "",
      stderr: expect.stringMatching(`^${sentence}.*\\n$`),
    });
  }
  expect(run("hive", "--version")).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: "" });
});

test("in a folder that is not there any more they run on whole paths, and say of others that they need one", async () => {
  const { folder, fileOf } = await machine();
  const run = (program: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) => {
    const gone = 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"';
    const command = ["-c", gone, join(folder, "gone"), process.execPath, fileOf(program), ...args];
    const options = { env: { PATH, ...env }, encoding: "utf8", timeout: 60_000 } as const;
    const { status, stdout, stderr } = spawnSync("sh", command, options);
    return { status, said: stdout + stderr };
  };
  const database = join(folder, "hives.db");
  const needsOne = /^[^\n]*must be a whole path here, because the working folder is not there any more[^\n]*\n$/;
  for (const [program = "", ...args] of [["db-migrate"], ["catalog", "info"], ["queen", "token", "list"], ["queen"]]) {
    expect([program, run(program, args)]).toEqual([program, { status: 2, said: expect.stringMatching(needsOne) }]);
  }
  expect(run("db-migrate", [], { QUEEN_DATABASE: database })).toMatchObject({ status: 0 });
  expect(run("catalog", ["info", "--database", database])).toEqual({
    status: 1,
    said: "catalog: CATALOG_UNAVAILABLE: the working folder is not there any more: go to one that is (ENOENT)\n",
  });
  expect(run("queen", ["--ssh-identity", "key"])).toEqual({
    status: 2,
    said: expect.stringContaining("--ssh-identity (QUEEN_SSH_IDENTITY) must be a file that can be read"),
  });
  expect(run("hivectl", ["--help"])).toMatchObject({ status: 0, said: expect.stringContaining(fileOf("hivectl")) });
});

test("nothing in it names the repository or what is only there", async () => {
  const { folder } = await machine();
  const files = (await readdir(join(folder, "dist"))).filter((name) => /\.(?:js|map|json|md)$/.test(name));
  expect(files.length).toBeGreaterThan(PROGRAMS.length);
  for (const name of files) {
    const text = await readFile(join(folder, "dist", name), "utf8");
    expect([name, text.includes(ROOT), /pnpm \w/.test(text)]).toEqual([name, false, false]);
  }
  const page = join(folder, "dist/assets/page");
  for (const name of await readdir(page)) {
    expect([name, /pnpm .*/.exec(await readFile(join(page, name), "utf8"))?.[0]]).toEqual([name, undefined]);
  }
});
