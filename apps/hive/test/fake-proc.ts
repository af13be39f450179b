import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Proc } from "../src/workers/proc.ts";

/** A socket that listens, such as `0.0.0.0:8000` or `[::1]:8080`. */
type Address = string;

export interface FakeProcess {
  readonly pid: number;
  readonly parent?: number;
  readonly startTime?: number;
  readonly commandLine: string;
  /** Undefined where the reader may not see its variables. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly listens?: readonly Address[];
  /** Whether the reader may not see which sockets are its own; `"targets"` where it is told how many files are open. */
  readonly hidesSockets?: boolean | "targets";
  /** The addresses of its own network namespace, where it has one. */
  readonly container?: readonly string[];
  readonly ticks?: number;
  /** What it holds for itself. */
  readonly ramKb?: number;
  readonly state?: string;
  /** Of the program that it is. */
  readonly name?: string;
}

/**
 * Folders and files as Linux has them in `/proc`, for as long as the test runs, with an init unless it is hidden. `write` puts other processes in the
 * place of the first ones.
 */
export function fakeProc(
  processes: readonly FakeProcess[],
  uptimeSeconds = 10,
): {
  proc: Proc;
  write: (all: readonly FakeProcess[]) => void;
  hang: (pid: number) => void;
  hideInit: () => void;
} {
  const root = mkdtempSync(join(tmpdir(), "fake-proc-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const write = (all: readonly FakeProcess[]) => {
    rmSync(root, { recursive: true });
    writeHost(root, [...(all.some(({ pid }) => pid === 1) ? [] : [INIT]), ...all]);
    writeFileSync(join(root, "uptime"), `${uptimeSeconds}.50 1.00\n`);
  };
  write(processes);
  return {
    proc: new Proc(root),
    write,
    hang: (pid) => hang(join(root, String(pid), "cmdline")),
    hideInit: () => rmSync(join(root, "1"), { recursive: true }),
  };
}

/** A named pipe that nobody writes to hangs whoever opens it, as a file of /proc does whose process hangs in the kernel. */
function hang(path: string): void {
  rmSync(path);
  execFileSync("mkfifo", [path]);
  onTestFinished(() => closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK)));
}

export const INIT: FakeProcess = { pid: 1, parent: 0, startTime: 1, commandLine: "/sbin/init" };

interface Socket {
  readonly owner: FakeProcess;
  readonly address: Address;
  readonly inode: number;
}

function writeHost(root: string, processes: readonly FakeProcess[]): void {
  const sockets = processes
    .flatMap((owner) => (owner.listens ?? []).map((address) => ({ owner, address })))
    .map((one, position): Socket => ({ ...one, inode: 9000 + position }));
  // /proc/net leads here, and is not there where a service sees processes alone.
  writeNet(
    join(root, "self"),
    sockets.filter(({ owner }) => owner.container === undefined),
  );
  for (const one of processes)
    writeProcess(
      root,
      one,
      sockets.filter(({ owner }) => owner === one),
      sockets,
    );
}

function writeProcess(root: string, one: FakeProcess, own: readonly Socket[], all: readonly Socket[]): void {
  const {
    pid,
    parent = 1,
    startTime = 100,
    commandLine,
    environment,
    ticks = 0,
    ramKb = 1024,
    state = "S",
    name = "a ) name",
  } = one;
  const folder = join(root, String(pid));
  mkdirSync(join(folder, "fd"), { recursive: true });
  const file = (name: string, text: string) => writeFileSync(join(folder, name), text);
  file("cmdline", commandLine === "" ? "" : `${commandLine.split(" ").join("\0")}\0`);
  const before = Array(9).fill("0").join(" ");
  file("stat", `${pid} (${name}) ${state} ${parent} ${before} ${ticks} 0 0 0 20 0 1 0 ${startTime} 0 0\n`);
  file(
    "status",
    `Name:\ta\nUid:\t${one.uid ?? 1000}\t0\t0\t0\nRssAnon:\t${ramKb} kB\nRssFile:\t99999 kB\nRssShmem:\t0 kB\n`,
  );
  if (environment !== undefined) {
    file(
      "environ",
      Object.entries(environment)
        .map(([name, value]) => `${name}=${value}\0`)
        .join(""),
    );
  }
  if (one.hidesSockets === true) rmSync(join(folder, "fd"), { recursive: true });
  for (const [at, { inode }] of own.entries()) {
    const descriptor = join(folder, "fd", String(at + 3));
    if (one.hidesSockets === "targets") writeFileSync(descriptor, "");
    else if (!one.hidesSockets) symlinkSync(`socket:[${inode}]`, descriptor);
  }
  writeNet(
    folder,
    all.filter(({ owner }) => owner.container === one.container),
    one.container,
  );
}

function writeNet(folder: string, sockets: readonly Socket[], addresses: readonly string[] = []): void {
  const net = join(folder, "net");
  mkdirSync(net, { recursive: true });
  const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
  const table = (digits: number) =>
    sockets
      .map(({ address, owner, inode }) => ({ local: hexOf(address), uid: owner.uid ?? 1000, inode }))
      .filter(({ local }) => local.indexOf(":") === digits)
      .map(
        ({ local, uid, inode }, at) =>
          `   ${at}: ${local} ${"0".repeat(digits)}:0000 0A 0:0 00:0 0    ${uid}        0 ${inode} 1 0\n`,
      )
      .join("");
  writeFileSync(join(net, "tcp"), head + table(8));
  writeFileSync(join(net, "tcp6"), head + table(32));
  const local = ["127.0.0.1", ...addresses].map((address) => `        |-- ${address}\n           /32 host LOCAL\n`);
  writeFileSync(join(net, "fib_trie"), `Main:\n${local.join("")}`);
}

/** As Linux writes it: words of four bytes, the last byte first. */
function hexOf(address: Address): string {
  const { hostname, port } = new URL(`http://${address}`);
  const bytes = hostname.startsWith("[") ? bytesOfIpv6(hostname.slice(1, -1)) : hostname.split(".").map(Number);
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0").toUpperCase());
  const words = Array.from({ length: hex.length / 4 }, (_, at) =>
    hex
      .slice(4 * at, 4 * at + 4)
      .reverse()
      .join(""),
  );
  return `${words.join("")}:${Number(port || 80)
    .toString(16)
    .padStart(4, "0")
    .toUpperCase()}`;
}

function bytesOfIpv6(address: string): number[] {
  const [head = [], tail = []] = address.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const middle = Array(8 - head.length - tail.length).fill("0");
  return [...head, ...middle, ...tail].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
