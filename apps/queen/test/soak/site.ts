import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HiveCatalog, type NewHive } from "@repo/hive-catalog";
import { addToken } from "../tokens.ts";
import type { Victims } from "./attacks/attack.ts";
import type { Children } from "./children.ts";
import { HonestFleet } from "./honest-fleet.ts";
import type { HostilePorts } from "./hostile-hosts-child.ts";

const QUEEN = new URL("../../src/main.ts", import.meta.url);
const HOSTILE_HOSTS = new URL("./hostile-hosts-child.ts", import.meta.url);
/** Hives whose tokens the attackers have, and hives whose sshd says nothing: to whoever connects, and to whoever asks for its keys. */
const ATTACKERS = 10;
const SILENT = 60;
const SCANNED = 20;
const ALLOWED_HOSTS = "127.0.0.0/8,::1,fd00:ec2::/32,fd00:42::/32";
/** A port on which nobody listens. */
const DEAD_PORT = 9;

interface Queen {
  name: string;
  pid: number;
  port: number;
  log: string;
}

/** All that a soak plays with, in one temporary folder. */
export interface Site {
  folder: string;
  fleet: HonestFleet;
  /** Of the honest hives, by their ids. */
  tokens: ReadonlyMap<string, string>;
  operatorToken: string;
  locked: Queen;
  open: Queen;
  victims: Victims;
}

interface Options {
  children: Children;
  hives: number;
  staleAfterMs: number;
}

/** Other users of the machine may look into it, as far as the queen lets them. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "queen-soak-"));
  chmodSync(folder, 0o755);
  return folder;
}

export async function prepareSite(folder: string, { children, hives, staleAfterMs }: Options): Promise<Site> {
  const fleet = await HonestFleet.start(children, hives);
  const ports = await startHostileHosts(children);
  const database = join(folder, "locked", "hives.db");
  const filled = await fillLocked(database, fleet, ports);
  const openDatabase = join(folder, "open", "hives.db");
  await fillOpen(openDatabase, ports);
  const { cert, key } = makeExpiredCertificate(folder);

  // What follows from the stale age in a queen with stock settings, too.
  const healthIntervalMs = Math.floor(staleAfterMs / 2);
  const liveness = { QUEEN_STALE_AFTER_MS: `${staleAfterMs}`, QUEEN_HEALTH_INTERVAL_MS: `${healthIntervalMs}` };
  const start = (name: string, env: NodeJS.ProcessEnv) => startQueen(children, folder, name, { ...liveness, ...env });
  const locked = await start("the locked queen", { QUEEN_DATABASE: database });
  const open = await start("the open queen", {
    QUEEN_DATABASE: openDatabase,
    QUEEN_TLS_CERT: cert,
    QUEEN_TLS_KEY: key,
  });
  const { tokens, operatorToken, ...seen } = filled;
  const victims = { ...seen, lockedPort: locked.port, openPort: open.port, database };
  return { folder, fleet, tokens, operatorToken, locked, open, victims };
}

async function fillLocked(database: string, fleet: HonestFleet, { hosts, odd, silentSsh, silentScan }: HostilePorts) {
  await using catalog = await HiveCatalog.open(database);
  const add = async (hive: NewHive) => (await catalog.addHive(hive)).id;
  const tokenOf = async (id: string) => (await addToken(catalog, "hive", id)).token;
  const tokens = new Map<string, string>();
  for (const hive of fleet.hives) {
    const id = await add(hive);
    tokens.set(id, await tokenOf(id));
  }
  const attackers: Victims["attackers"] = [];
  for (let n = 0; n < ATTACKERS; n++) {
    const id = await add({ id: `attacker-${n}`, host: "127.0.0.1", port: DEAD_PORT });
    attackers.push({ id, token: await tokenOf(id) });
  }
  const addAll = (name: string, ports: readonly number[]) =>
    Promise.all(ports.map((port, n) => add({ id: `${name}-${n}`, host: "127.0.0.1", port })));
  const addSilent = (name: string, count: number, sshPort: number) =>
    Promise.all(Array.from({ length: count }, (_, n) => add(withSilentSsh(`${name}-${n}`, sshPort))));
  await catalog.hostKeys.pin({ host: "127.0.0.1", port: silentSsh, keyType: "ssh-ed25519", publicKey: "AAAA" });
  const tokenFor = async (role: "operator" | "reader") => (await addToken(catalog, role)).token;
  return {
    tokens,
    attackers,
    hostile: await addAll("hostile", hosts),
    odd: await addAll("odd", odd),
    silent: await addSilent("silent", SILENT, silentSsh),
    scanned: await addSilent("scanned", SCANNED, silentScan),
    operatorToken: await tokenFor("operator"),
    bystander: await tokenFor("operator"),
    operators: [await tokenFor("operator"), await tokenFor("operator")],
    readers: [await tokenFor("reader"), await tokenFor("reader")],
  };
}

async function fillOpen(database: string, { silentSsh }: HostilePorts): Promise<void> {
  await using catalog = await HiveCatalog.open(database);
  await catalog.addHive(withSilentSsh("silent-0", silentSsh));
}

const withSilentSsh = (id: string, sshPort: number): NewHive => ({
  id,
  host: "127.0.0.1",
  port: DEAD_PORT,
  sshHost: "127.0.0.1",
  sshPort,
  sshUser: "nobody",
});

function startHostileHosts(children: Children): Promise<HostilePorts> {
  return new Promise((resolve) => {
    children.start("hostile hosts", HOSTILE_HOSTS, { onMessage: (ports) => resolve(ports as HostilePorts) });
  });
}

/** With no other settings than those, and where it listens. */
async function startQueen(
  children: Children,
  folder: string,
  name: string,
  settings: NodeJS.ProcessEnv,
): Promise<Queen> {
  const log = join(folder, `${name.replace(/^the /, "").replaceAll(" ", "-")}.log`);
  const clean = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(QUEEN|HIVE)_/.test(key)));
  const { pid, port } = await new Promise<{ pid: number; port: number }>((resolve, reject) => {
    const child = children.start(name, QUEEN, {
      isApart: true,
      outputFd: openSync(log, "w"),
      env: { ...clean, QUEEN_PORT: "0", QUEEN_ALLOWED_HOSTS: ALLOWED_HOSTS, ...settings },
      onMessage: (message) =>
        resolve({ pid: child.pid ?? 0, port: (message as { listening: { port: number } }).listening.port }),
    });
    child.once("exit", () => reject(new Error(`${name} did not start: see ${log}`)));
  });
  return { name, pid, port, log };
}

/** That of somebody who forgot to renew it. */
function makeExpiredCertificate(folder: string): { cert: string; key: string } {
  const [request, cert, key] = ["request.pem", "cert.pem", "key.pem"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key];
  openssl("req", "-new", ...newKey, "-out", request, "-subj", "/CN=localhost");
  openssl("x509", "-req", "-in", request, "-signkey", key, "-days", "-1", "-out", cert);
  return { cert, key };
}
