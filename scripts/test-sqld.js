// `pnpm test:sqld`: the tests of a catalog on a server, against a real libSQL server in place of packages/libsql-test-server.
import { execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { pathOf } from "./build/repository.js";
import { readFlags } from "./flags.js";
import { freePort } from "./free-port.js";

/** sqld 0.24.32, which is to be had by npm for Linux and macOS. */
const PACKAGE = `@sqld/${process.platform}-${process.arch}`;
const VERSION = "0.24.1-pre.42";
const KEPT = pathOf("node_modules/.cache/sqld");
const TESTS = ["test/behaviour/server.test.ts", "test/network", "scripts/db-migrate.test.ts"];
const START_TIMEOUT_MS = 10_000;

const HELP = `Usage: pnpm test:sqld [options]

Runs the tests of a catalog on a server (its behaviour, faults of the network, three queens, db:migrate) against sqld with a token, and ends it.
The first time it installs sqld from npm in node_modules/.cache (45 MB).

Options:
  -h, --help  show this help

Environment:
  LIBSQL_TEST_URL         a server to take in its place, which each test empties (default: none)
  LIBSQL_TEST_AUTH_TOKEN  its token (default: none)

Exit codes: 0 all passed, 1 some did not, 2 called wrongly, or sqld cannot be had, 130 stopped by Ctrl-C.
Example: pnpm test:sqld
`;

function install() {
  const program = join(KEPT, VERSION, "node_modules", PACKAGE, "sqld");
  if (existsSync(program)) return program;
  const folder = join(KEPT, VERSION);
  process.stdout.write(`installs sqld (${PACKAGE}@${VERSION}) in ${folder}\n`);
  mkdirSync(folder, { recursive: true });
  // Its own script copies it once more. Without a package.json here npm would look for one above.
  const flags = ["--prefix", folder, "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--loglevel", "error"];
  execFileSync("npm", ["install", ...flags, `${PACKAGE}@${VERSION}`], { stdio: ["ignore", "ignore", "inherit"] });
  return program;
}

/** A key for the server, and a token that it lets in. */
function makeToken() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const part = (json) => Buffer.from(JSON.stringify(json)).toString("base64url");
  const signed = `${part({ alg: "EdDSA", typ: "JWT" })}.${part({})}`;
  const token = `${signed}.${sign(null, Buffer.from(signed), privateKey).toString("base64url")}`;
  return { key: publicKey.export({ type: "spki", format: "pem" }), token };
}

/** Starts sqld on loopback, and answers how tests reach it, once they do. */
async function startSqld() {
  const program = install();
  mkdirSync(folder);
  const { key, token } = makeToken();
  const keyFile = join(folder, "key.pem");
  writeFileSync(keyFile, key);
  const address = `127.0.0.1:${await freePort()}`;
  const flags = ["--db-path", join(folder, "data"), "--http-listen-addr", address, "--auth-jwt-key-file", keyFile];
  const child = start(program, [...flags, "--no-welcome"], { stdio: ["ignore", "ignore", "inherit"] });
  const isUp = async () => (await fetch(`http://${address}/version`).catch(() => undefined))?.ok;
  const untilMs = Date.now() + START_TIMEOUT_MS;
  while (!(await isUp())) {
    if (child.exitCode !== null || Date.now() > untilMs) throw new Error("sqld did not start");
    await wait(20);
  }
  return { LIBSQL_TEST_URL: `http://${address}`, LIBSQL_TEST_AUTH_TOKEN: token };
}

async function run() {
  const environment = process.env.LIBSQL_TEST_URL === undefined ? await startSqld() : {};
  const tests = start(process.execPath, [pathOf("node_modules/vitest/vitest.mjs"), "run", ...TESTS], {
    cwd: pathOf("packages/hive-catalog"),
    env: { ...process.env, ...environment },
    stdio: "inherit",
  });
  const [code] = await once(tests, "exit");
  return code === 0 ? 0 : 1;
}

const folder = join(tmpdir(), `hive-sqld-${process.pid}`);
const children = [];

function start(...program) {
  const child = spawn(...program);
  children.push(child);
  return child;
}

process.on("exit", () => {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
});
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

if (readFlags("test:sqld", HELP) !== undefined) {
  const exitCode = await run().catch((error) => {
    process.stderr.write(`test:sqld: ${error.message}\n`);
    return 2;
  });
  process.exit(exitCode);
}
