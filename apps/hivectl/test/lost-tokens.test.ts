import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdirSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { QueenClient } from "@repo/queen-client";
import { mountSmallDisk } from "@repo/test-support/mount";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { breakingProxy } from "./breaking-proxy.ts";
import { type Ended, FILE, HivectlProcess, hivectl } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const DISK_BYTES = 256 * 1024;
const queen = queenForAll();
const unlocked = queenForAll();
let client: QueenClient;
let token = "";

beforeAll(async () => {
  ({ token } = await new QueenClient({ url: queen.url }).createToken({ name: "me", role: "operator" }));
  client = new QueenClient({ url: queen.url, token });
  for (const id of ["gpu-01", "gpu-02"]) await client.addHive({ id, host: "127.0.0.1", port: 1 });
});

const inForce = async () =>
  (await client.listTokens()).tokens.filter((one) => one.revoked_at_ms === null && one.name !== "me");
const create = (args: string[], url = queen.url) =>
  hivectl(["token", "create", ...args], { QUEEN_URL: url, QUEEN_TOKEN: token });

/** Takes all the room that there is. */
function fill(folder: string): void {
  try {
    writeFileSync(`${folder}/filling`, Buffer.alloc(2 * DISK_BYTES));
  } catch {}
}

test("where a disk is full, no token is made for its files", async () => {
  using disk = mountSmallDisk(`${queen.folder}/full`, DISK_BYTES);
  fill(disk.path);
  const { code, stderr } = await create(["--role", "hive", "--out-dir", disk.path]);
  const full = (id: string) =>
    `hivectl: ${id}: ${disk.path}/${id}.token cannot be written: ENOSPC: no space left on device, write\n`;
  expect({ code, stderr }).toEqual({ code: 1, stderr: full("gpu-01") + full("gpu-02") });
  expect(readdirSync(disk.path)).toEqual(["filling"]);
  expect((await client.listTokens()).tokens).toHaveLength(1);
});

test("a token whose file cannot be written all the same is revoked, and none of the others", async () => {
  using disk = mountSmallDisk(`${queen.folder}/filling`, DISK_BYTES);
  const proxy = await breakingProxy(queen.url);
  proxy.beforeAnswers(({ method, url }) => {
    if (method !== "POST" || url !== "/v1/tokens") return;
    // Somebody takes the room that was kept for it.
    truncateSync(`${disk.path}/${readdirSync(disk.path).find((name) => name.endsWith(".token"))}`);
    fill(disk.path);
  });
  const { code, stderr } = await create(["--role", "hive", "--out-dir", disk.path], proxy.url);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(
      /^hivectl: \S+gpu-01\.token cannot be written: ENOSPC.*\nhivectl: nobody has the token \w{16}, and it is revoked\nhivectl: gpu-02: /,
    ),
  });
  expect(readdirSync(disk.path)).toEqual(["filling"]);
  expect(await inForce()).toEqual([]);
});

test("where it cannot be revoked either, its id is said, and how to revoke it", async () => {
  using disk = mountSmallDisk(`${queen.folder}/away`, DISK_BYTES);
  const proxy = await breakingProxy(queen.url);
  proxy.beforeAnswers(({ method }) => {
    if (method !== "POST") return;
    truncateSync(`${disk.path}/gpu-01.token`);
    fill(disk.path);
    proxy.breakOnce(/^\/v1\/tokens\/\w+$/);
  });
  const { stderr } = await create(["--role", "hive", "-l", "", "--out-dir", disk.path], proxy.url);
  const [left] = await inForce();
  expect(stderr).toContain(`nobody has the token ${left?.id}, and it is in force: to revoke it failed: `);
  expect(stderr).toContain(`\`hivectl token revoke ${left?.id}\` ends it`);
  await client.revokeToken(left?.id ?? "");
});

test("a token that nobody reads from stdout is revoked", async () => {
  const lost =
    /^hivectl: stdout cannot be written: (?:ENOSPC|EPIPE|write EPIPE).*\nhivectl: nobody has the token \w{16}, and it is revoked\n$/;
  const args = ["token", "create", "--name", "x", "--role"];
  for (const role of ["reader", "operator"]) {
    expect(await onFullDisk([...args, role])).toEqual({ code: 1, stderr: expect.stringMatching(lost) });
    const unread = new HivectlProcess([...args, role], { QUEEN_URL: queen.url, QUEEN_TOKEN: token });
    unread.child.stdout.destroy();
    expect(await unread.end()).toMatchObject({ code: 1, stderr: expect.stringMatching(lost) });
  }
  expect(await inForce()).toEqual([]);
});

test.each([">&-", "> /dev/null"])("no token is made where stdout leads nowhere: %s", async (where) => {
  expect(await withStdout(where, ["token", "create", "--name", "x", "--role", "reader"])).toEqual({
    code: 1,
    stderr: "hivectl: stdout leads nowhere: nobody would have the token, and none was made\n",
  });
  expect(await inForce()).toEqual([]);
});

test("the first token of an operator that nobody reads is said by its id, with what ends it", async () => {
  const args = ["token", "create", "--name", "me", "--role", "operator"];
  const { code, stderr } = await onFullDisk(args, { QUEEN_URL: unlocked.url });
  const [, id = ""] =
    /nobody has the token (\w{16}), and it is in force: to revoke it failed: LAST_OPERATOR/.exec(stderr) ?? [];
  expect(code).toBe(1);
  expect(stderr).toContain(
    `\`pnpm queen token revoke ${id}\` on the queen's machine ends it, and \`pnpm queen token create\` makes another there\n`,
  );
});

test("files are written to the end, also where nobody reads of them", async () => {
  const folder = `${queen.folder}/unread`;
  const args = ["token", "create", "--role", "hive", "--out-dir", folder];
  const unread = new HivectlProcess(args, { QUEEN_URL: queen.url, QUEEN_TOKEN: token });
  unread.child.stdout.destroy();
  expect(await unread.end()).toMatchObject({ code: 0 });
  expect(readdirSync(folder)).toEqual(["gpu-01.token", "gpu-02.token"]);
});

/** A server that is no queen. */
async function serving(answer: RequestListener) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

/** Which one may be in force, and what to do. */
const mayBeMade = (whose: string) =>
  `hivectl: a token for ${whose} may have been made that nobody has\nhivectl: \`hivectl token list\` shows it, and \`hivectl token revoke\` ends it: `;

test("where the answer to a token is lost, it says that there may be one, and whose", async () => {
  const proxy = await breakingProxy(queen.url);
  proxy.breakOnce(/^\/v1\/tokens$/);
  expect((await create(["--name", "x", "--role", "reader"], proxy.url)).stderr).toContain(mayBeMade("x"));
});

test("where the queen does not know whether it was made, it says so too", async () => {
  const { url } = await serving((_asked, answer) => {
    const problem = { code: "CATALOG_OUTCOME_UNKNOWN", status: 503, detail: "it may have been made", errors: [] };
    answer.writeHead(503, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
  });
  expect((await create(["--name", "x", "--role", "reader", "-y"], url)).stderr).toContain(mayBeMade("x"));
});

test("where there was no connection, none may have been made", async () => {
  const gone = await serving(() => undefined);
  gone.close();
  for (const url of [gone.url, queen.url.replace("http:", "https:")]) {
    const { code, stderr } = await create(["--name", "x", "--role", "reader", "-y"], url);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("cannot be reached") });
    expect(stderr).not.toContain("may have been made");
  }
});

test("Ctrl-C between files says how many are written, and whose token may be in force without one", async () => {
  const folder = `${queen.folder}/interrupted`;
  for (const { id } of await inForce()) await client.revokeToken(id);
  const proxy = await breakingProxy(queen.url);
  const env = { QUEEN_URL: proxy.url, QUEEN_TOKEN: token };
  const making = new HivectlProcess(["token", "create", "--role", "hive", "--out-dir", folder], env);
  let made = 0;
  proxy.beforeAnswers(async ({ method }) => {
    if (method !== "POST") return;
    made += 1;
    if (made < 2) return;
    making.child.kill("SIGINT");
    await once(making.child, "close");
  });
  const { code, stderr } = await making.end();
  expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining(mayBeMade("gpu-02")) });
  expect(stderr).toContain("hivectl: interrupted: 1 of 2 are written, and the same call makes the others\n");
  expect(readdirSync(folder)).toEqual(["gpu-01.token"]);
});

test("a second signal ends it at once, also while it revokes a token that nobody has", async () => {
  const proxy = await breakingProxy(queen.url);
  const env = { QUEEN_URL: proxy.url, QUEEN_TOKEN: token };
  const making = new HivectlProcess(["token", "create", "--name", "x", "--role", "reader"], env);
  making.child.stdout.destroy();
  proxy.beforeAnswers(async ({ method }) => {
    if (method !== "DELETE") return;
    making.child.kill("SIGINT");
    making.child.kill("SIGTERM");
    await once(making.child, "close");
  });
  const { code, stderr } = await making.end();
  expect({ code, stderr }).toEqual({ code: 130, stderr: "hivectl: stdout cannot be written: write EPIPE\n" });
});

/** With its stdout on a disk that is full. */
const onFullDisk = (args: string[], queenEnv?: NodeJS.ProcessEnv) => withStdout("> /dev/full", args, queenEnv);

/** With its stdout as a shell is told. */
const withStdout = (
  where: string,
  args: string[],
  queenEnv: NodeJS.ProcessEnv = { QUEEN_URL: queen.url, QUEEN_TOKEN: token },
) =>
  new Promise<Omit<Ended, "stdout">>((resolve) => {
    const env = { PATH: process.env.PATH, XDG_CONFIG_HOME: "/nonexistent", ...queenEnv };
    const words = ["-c", `exec "$0" "$@" ${where}`, process.execPath, FILE, ...args];
    const child = execFile("sh", words, { env, timeout: 60_000 }, (_error, _stdout, stderr) =>
      resolve({ code: child.exitCode, stderr }),
    );
  });
