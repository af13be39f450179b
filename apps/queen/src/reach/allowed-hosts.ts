import { BlockList, isIP } from "node:net";
import { isHost, withoutRootDot } from "@repo/hive-catalog/record";
import { familyOf, hexDigits, plainAddress, plainHost } from "./addresses.ts";

/** Addresses that answer with secrets of the machine or reach only its own link. No setting opens them. */
const NEVER_CONTACTED = [
  "169.254.0.0/16", // link-local; cloud metadata at 169.254.169.254
  "fe80::/10", // link-local
  "fd00:ec2::/32", // services of AWS inside a machine over IPv6: metadata at ::254, credentials of EKS at ::23
  "fd00:42::42/128", // metadata of Scaleway over IPv6
  "fd20:ce::254/128", // metadata of Google Cloud over IPv6
  "100.100.100.200/32", // metadata of Alibaba Cloud
  "168.63.129.16/32", // platform address of Azure
  "192.0.0.192/32", // metadata of Oracle Cloud
];

/** Adds `address` or `address/prefix`; false when `text` is neither. */
function addNetwork(list: BlockList, text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0 || address.includes("%")) return false;
  const bits = version === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return false;
  if (length > bits) return false;
  list.addSubnet(address, length, familyOf(address));
  return true;
}

const never = new BlockList();
for (const network of NEVER_CONTACTED) addNetwork(never, network);

const NAT64_PREFIX = /^0064ff9b0{16}/;
const NAT64_LOCAL_PREFIX = /^0064ff9b0001/;
const SIX_TO_FOUR_PREFIX = /^2002/;
/** `::ffff:0:a.b.c.d`, which a stateless translator passes on, and the interface ids of ISATAP. */
const TRANSLATED_PREFIX = /^(?:0{16}ffff0000|.{16}0[02]005efe)/;
/** Where RFC 6052 puts the IPv4 address behind a prefix of 48, 56, 64 or 96 bits, in hexadecimal digits without those of bits 64 to 71. */
const NAT64_PLACES = [12, 14, 16, 22];

/** The IPv4 addresses to which a gateway between the two families may pass on what is sent to `address`. */
function ipv4Behind(address: string): string[] {
  if (isIP(address) !== 6) return [];
  const digits = hexDigits(address);
  const nat64Digits = digits.slice(0, 16) + digits.slice(18);
  if (SIX_TO_FOUR_PREFIX.test(digits)) return [ipv4Of(digits, 4)];
  if (NAT64_PREFIX.test(digits) || TRANSLATED_PREFIX.test(digits)) return [ipv4Of(digits, 24)];
  if (NAT64_LOCAL_PREFIX.test(digits)) return NAT64_PLACES.map((place) => ipv4Of(nat64Digits, place));
  return [];
}

const ipv4Of = (digits: string, place: number): string =>
  [0, 2, 4, 6].map((at) => Number.parseInt(digits.slice(place + at, place + at + 2), 16)).join(".");

/** What is said of a host that is not contacted for the addresses to which it resolved; `shown` names it. */
export function notAllowed(shown: string, host: string, addresses: string): string {
  const which = addresses === host ? shown : `${shown} (${addresses || "no address"})`;
  return `${which} is not among the hosts that this queen may contact (QUEEN_ALLOWED_HOSTS)`;
}

/** Which hosts the queen may send requests to. */
export class AllowedHosts {
  readonly #networks: BlockList | undefined;
  readonly #names: ReadonlySet<string>;

  private constructor(networks: BlockList | undefined, names: ReadonlySet<string>) {
    this.#networks = networks;
    this.#names = names;
  }

  /** Everything but link-local and metadata addresses. */
  static everywhere(): AllowedHosts {
    return new AllowedHosts(undefined, new Set());
  }

  /** Reads addresses, CIDRs and host names, comma-separated. Throws an Error that names each entry which is none of them. */
  static parse(text: string): AllowedHosts {
    const entries = text.split(",").map((entry) => entry.trim());
    const networks = new BlockList();
    const names = new Set<string>();
    const wrong: string[] = [];
    for (const entry of entries) {
      if (addNetwork(networks, entry)) continue;
      const name = withoutRootDot(entry);
      if (isHost(name)) names.add(name.toLowerCase());
      else wrong.push(JSON.stringify(entry));
    }
    if (wrong.length > 0) {
      throw new Error(`must be addresses, CIDRs (10.0.0.0/8) or host names, comma-separated; not ${wrong.join(", ")}`);
    }
    return new AllowedHosts(networks, names);
  }

  /** Whether a connection to `address`, to which `host` resolved, is allowed: a plain host. */
  allows(host: string, address: string): boolean {
    if (isIP(address) === 0) return false;
    const plain = plainAddress(address);
    if ([plain, ...ipv4Behind(plain)].some((target) => never.check(target, familyOf(target)))) return false;
    if (this.#networks === undefined || this.#names.has(host.toLowerCase())) return true;
    return this.#networks.check(plain, familyOf(plain));
  }

  /** Whether `host` is none, or an address that is not allowed. What a name resolves to is known only when it is contacted. */
  refuses(host: string): boolean {
    const plain = plainHost(host);
    return plain === undefined || (isIP(plain) !== 0 && !this.allows(plain, plain));
  }
}
