import type { IncomingMessage } from "node:http";
import { isLoopback } from "../../reach/addresses.ts";
import { forbidden } from "./refusals.ts";

type Asked = Pick<IncomingMessage, "method" | "url" | "headers" | "rawHeaders">;

/** A page that the queen has sent, and what somebody types. Another port of this machine is of the same site, and somebody else's. */
const OWN_SITES: ReadonlySet<unknown> = new Set(["same-origin", "none"]);
/** The page, which shows the same to everybody. Whoever comes by a link from elsewhere goes on from there, as of the queen's own origin. */
const PAGE = /^\/(?:$|\?|ui(?:$|[/?]))/;

/**
 * Refuses what a page of another site has somebody's browser send in his name. Schemes are not compared, and Referer is not asked for: behind a proxy that
 * ends TLS the one is another, and the other may be missing.
 */
export function refuseOtherSites({ method, url, headers }: Asked): void {
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  if (site !== undefined) {
    if (OWN_SITES.has(site)) return;
    if (method === "GET" && headers["sec-fetch-mode"] === "navigate" && PAGE.test(url ?? "")) return;
    throw forbidden(`A page of another site (${site}) may not use this queen`);
  }
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === hostOf({ url, headers }))) return;
  throw forbidden(`A page of ${origin} may not use this queen`);
}

/**
 * While the door is open, a page must not use the queen under a name of its own either, that it lets point to this machine. `publicName` is the one that
 * operators have given her.
 */
export function refuseOtherNames({ url, headers, rawHeaders }: Asked, publicName?: string): void {
  const host = hostOf({ url, headers });
  if (isOwnName(hostnameOf(host), publicName) && !hasTwoHosts(rawHeaders)) return;
  throw forbidden(
    "While there are no tokens, this queen is reached as localhost, by a loopback address, or by the name in QUEEN_PUBLIC_URL, " +
      `said in one Host header, not as ${JSON.stringify(host)}`,
  );
}

/** Any other name can be made to point to this machine: one without a dot by a search domain, by LLMNR, or as a top-level domain. */
const isOwnName = (name: string, publicName: string | undefined): boolean => isLoopback(name) || name === publicName;

/** Of a request whose target is a whole URL: that counts in place of Host (RFC 9112, 3.2.2). */
const hostOf = ({ url = "", headers }: Pick<Asked, "url" | "headers">): string =>
  (/^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1] ?? headers.host ?? "").toLowerCase();

/** The host in a Host header, without the brackets of an IPv6 address. */
const hostnameOf = (host: string): string => host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");

/** Node takes the first one, and whatever stands in front of the queen perhaps the second. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === "host") hosts += 1;
  return hosts > 1;
}
