import { isIP, SocketAddress } from "node:net";
import { domainToASCII } from "node:url";

/** What a name may be made of. Of any other ASCII character a URL would end the name, or read it as another one. */
const NAME = /^[\w.\-\u{80}-\u{10ffff}]{1,253}$/u;
const ASCII_NAME = /^[\w-]+(?:\.[\w-]+)*$/;

/**
 * A host in the one form in which it is contacted, however it was stored: an address without brackets, or a name in ASCII and lower-case
 * without the dot of the root. Undefined for what is no host: it must not become one by being cut or decoded.
 */
export function plainHost(host: string): string | undefined {
  const [, bracketed = host] = /^\[(.*:.*)\]$/.exec(host) ?? [];
  if (isIP(bracketed) !== 0) return bracketed;
  const name = NAME.test(host) ? domainToASCII(host).replace(/\.$/, "") : "";
  return ASCII_NAME.test(name) ? name : undefined;
}

export const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

export const display = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;

/** An IPv4 address inside an IPv6 one, in any spelling, as itself: BlockList knows `::ffff:a.b.c.d`, but not `::a.b.c.d`. */
export function plainAddress(address: string): string {
  if (isIP(address) !== 6) return address;
  const canonical = new SocketAddress({ address: withoutZone(address), family: "ipv6" }).address;
  return /^::(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/.exec(canonical)?.[1] ?? canonical;
}

/** All 32 digits of an IPv6 address. */
export function hexDigits(address: string): string {
  const [head = "", tail = ""] = new URL(`http://[${withoutZone(address)}]`).hostname
    .slice(1, -1)
    .split("::")
    .map((half) => half.replace(/[0-9a-f]+:?/g, (group) => group.replace(":", "").padStart(4, "0")));
  return head + tail.padStart(32 - head.length, "0");
}

/** What stands for one caller among addresses: an IPv4 address, or the first 64 bits of an IPv6 one, of which one host has all. */
export function addressBlock(address = ""): string {
  const plain = plainAddress(address);
  return isIP(plain) === 6 ? hexDigits(plain).slice(0, 16) : plain;
}

/** Whether whoever listens on `host` can be reached from this machine alone. Of names that is known of `localhost` only. */
export function isLoopback(host: string): boolean {
  const plain = plainAddress(host);
  return plain === "::1" || host.toLowerCase() === "localhost" || (isIP(plain) === 4 && plain.startsWith("127."));
}

/** Whether a hive with that host is on this machine. */
export const isOnLoopback = (host: string): boolean => isLoopback(plainHost(host) ?? "");

const withoutZone = (address: string): string => address.split("%", 1)[0] ?? "";
