import type { FastifyRequest } from "fastify";
import { isLoopback } from "../../reach/addresses.ts";
import { Problem } from "../errors.ts";

/** A page that the queen has sent, and what somebody types. Another port of this machine is of the same site, and somebody else's. */
const OWN_SITES: ReadonlySet<unknown> = new Set(["same-origin", "none"]);

/**
 * While the door is open, a page of some website must not use the queen through the browser of somebody on this machine: neither from
 * its own origin, nor under a name of its own that it lets point to this machine. `publicName` is the one that operators have given her.
 */
export function refuseOtherSites({ raw }: FastifyRequest, publicName?: string): void {
  const { headers, rawHeaders } = raw;
  const { origin } = headers;
  const host = authorityOf(raw.url) ?? headers.host ?? "";
  if (!isOwnName(hostnameOf(host), publicName) || hasTwoHosts(rawHeaders)) {
    throw forbidden(
      "While there are no tokens, this queen is reached as localhost, by a loopback address, or by the name in QUEEN_PUBLIC_URL, " +
        `said in one Host header, not as ${JSON.stringify(host)}`,
    );
  }
  const site = headers["sec-fetch-site"];
  if (site !== undefined && !OWN_SITES.has(site))
    throw forbidden(`A page of another site (${site}) may not use this queen`);
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return;
  throw forbidden(`A page of ${origin} may not use this queen`);
}

/** Any other name can be made to point to this machine: one without a dot by a search domain, by LLMNR, or as a top-level domain. */
const isOwnName = (name: string, publicName: string | undefined): boolean => isLoopback(name) || name === publicName;

/** Of a request whose target is a whole URL: it counts in place of Host (RFC 9112, 3.2.2). */
const authorityOf = (target = ""): string | undefined => /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1];

/** The host in a Host header, without the brackets of an IPv6 address. */
const hostnameOf = (host: string): string =>
  host
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();

/** Node takes the first one, and whatever stands in front of the queen perhaps the second. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === "host") hosts += 1;
  return hosts > 1;
}

const forbidden = (detail: string): Problem => new Problem("FORBIDDEN", detail);
