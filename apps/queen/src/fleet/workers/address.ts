import { isIP } from "node:net";
import { isLoopback, isOnLoopback, plainAddress, plainHost } from "../../reach/addresses.ts";
import type { ServerAddress } from "./worker.ts";

/** One for all hives whose workers can be reached: a set for each takes 2 MB of ten thousand. */
export const NONE: ReadonlySet<never> = new Set();

/** Where a server listens that is on loopback and says no more: that its hive was added as `::1` tells nothing of it. */
const LOOPBACK = "127.0.0.1";
/** Addresses on which servers listen for all, and that nobody can connect to. */
const UNSPECIFIED = ["0.0.0.0", "::"];

/**
 * Where others reach a server on a hive with that host: as the hive says it, in the normal form of URLs; else made from the host. Only http and https, and loopback
 * only where the host is on loopback itself. null where there is no such address, or it is not known.
 */
export function urlOf({ url, port, reachable }: ServerAddress, host: string): string | null {
  if (url !== null) return plainUrl(url, host);
  const isElsewhere = reachable === null || (reachable === "loopback" && !isOnLoopback(host));
  if (port === null || isElsewhere) return null;
  const isByIpv4 = reachable === "loopback" && isIP(plainHost(host) ?? "") === 6;
  return plainUrl(`http://0.0.0.0:${port}`, isByIpv4 ? LOOPBACK : host);
}

/** Whether work may be sent there: a hive that says nothing at all of an address leaves it to the caller to find the server. */
export function isReachable(address: ServerAddress, host: string): boolean {
  const { url, port, reachable } = address;
  return (url === null && port === null && reachable === null) || urlOf(address, host) !== null;
}

/** Those to which no work may be sent. */
export function unreachableOf<Address extends ServerAddress>(
  all: readonly Address[],
  host: string,
): ReadonlySet<Address> {
  const found = all.filter((address) => !isReachable(address, host));
  return found.length === 0 ? NONE : new Set(found);
}

/**
 * A name or an IPv4 address that is not unspecified, with a port that is not the default: in normal form already. To parse the urls of four workers
 * took a twelfth of a heartbeat's processor time.
 */
const USUAL_URL =
  /^http:\/\/(?!.*(?:localhost|xn--))(?:[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*|(?!0)(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!:)|(?=:))){4}):(?!0|80$)(?:\d{1,4}|[1-5]\d{4})$/;
const USUAL_LOOPBACK = "http://127.";

function plainUrl(text: string, host: string): string | null {
  if (USUAL_URL.test(text)) return text.startsWith(USUAL_LOOPBACK) && !isOnLoopback(host) ? null : text;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  const named = url.hostname.replace(/^\[|\]$|\.$/g, "");
  if (UNSPECIFIED.includes(plainAddress(named))) {
    const known = plainHost(host);
    if (known === undefined || UNSPECIFIED.includes(plainAddress(known))) return null;
    url.hostname = isIP(known) === 6 ? `[${known}]` : known;
  } else if (isLoopback(named) && !isOnLoopback(host)) return null;
  return text.endsWith("/") ? url.href : url.href.replace(/\/$/, "");
}
