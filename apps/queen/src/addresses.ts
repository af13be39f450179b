import { isIP, SocketAddress } from "node:net";

export const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

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

const withoutZone = (address: string): string => address.split("%", 1)[0] ?? "";
