import { isIP } from "node:net";
import os from "node:os";
import type { Proc } from "./proc.ts";

/** A TCP socket that listens, from a table such as `/proc/self/net/tcp`. */
export interface Listener {
  /** As text; `0.0.0.0` and `::` are every address of the host. */
  readonly address: string;
  readonly port: number;
  readonly uid: number;
  readonly inode: string;
}

const WORD_DIGITS = 8;
/** What listens has no other end, and state 0A. Tables are long where connections are many: a line is not taken apart in vain. */
const LISTENING = /^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0:]+ 0A \S+ \S+ \S+ +(\d+) +\d+ (\d+)/gm;

/** The listeners of the network namespace of a process, or of this one. */
export async function listenersOf(proc: Proc, pid: number | "self" = "self"): Promise<Listener[]> {
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => proc.text(String(pid), "net", name)));
  return tables.flatMap((table) => parseTcp(table ?? ""));
}

export function parseTcp(table: string): Listener[] {
  return [...table.matchAll(LISTENING)].map(([, address = "", port = "", uid, inode = ""]) => {
    return { address: addressOf(address), port: Number.parseInt(port, 16), uid: Number(uid), inode };
  });
}

/** It stands there as words of four bytes each, the last byte first. */
function addressOf(hex: string): string {
  const words = hex.match(new RegExp(`.{${WORD_DIGITS}}`, "g")) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join(".");
  const groups = Array.from({ length: 8 }, (_, at) => `${bytes[2 * at]}${bytes[2 * at + 1]}`).join(":");
  const mapped = /^(?:0000:){5}FFFF:(.*)$/.exec(groups)?.[1];
  if (mapped !== undefined) {
    return (mapped.replace(":", "").match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join(".");
  }
  return new URL(`http://[${groups}]`).hostname.slice(1, -1);
}

export const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";
export const isEvery = (address: string): boolean => address === "0.0.0.0" || address === "::";

/** Loopback, or an address of one of its interfaces. */
export function isOfThisHost(address: string): boolean {
  if (isIP(address) === 0) return false;
  return (
    isLoopback(address) ||
    Object.values(os.networkInterfaces()).some((all) => all?.some((one) => one.address === address))
  );
}

/** The host of a url, of an IPv6 address without brackets. */
export const addressIn = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "");

/** Who can reach it: every host that reaches this one, or none but this one. */
export type Reachable = "all" | "loopback";
export const reachOf = (address: string): Reachable => (isLoopback(address) ? "loopback" : "all");

/** Whichever address of loopback answers: nothing in `/proc` says whether what listens on every IPv6 address listens on the IPv4 ones, too. */
export const EITHER_LOOPBACK = "localhost";

/** Where this host asks what listens at that address. */
export function baseOf(address: string, port: number, path = "/"): URL {
  const host = address === "0.0.0.0" ? "127.0.0.1" : isEvery(address) ? EITHER_LOOPBACK : address;
  const base = new URL(`http://${host.includes(":") ? `[${host}]` : host}:${port}`);
  base.pathname = path;
  return base;
}

/** The listener on a port that most can reach. */
export function widestOf(listeners: readonly Listener[], port: number): Listener | undefined {
  const rank = ({ address }: Listener) => (isEvery(address) ? 0 : isLoopback(address) ? 2 : 1);
  return listeners.filter((one) => one.port === port).toSorted((a, b) => rank(a) - rank(b))[0];
}
