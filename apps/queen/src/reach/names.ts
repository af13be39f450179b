import type { LookupAddress } from "node:dns";
import { lookup as askSystem, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { asError, ForeseenError, reasonOf } from "../process/errors.ts";
import { SystemFile } from "./system-file.ts";

/** The addresses of a host name, within so many milliseconds. */
export type Resolve = (host: string, withinMs?: number) => Promise<LookupAddress[]>;

/** Nobody said where the host is, nor that there is none of that name: of the host itself that says nothing. */
export class NameUnansweredError extends ForeseenError {
  override readonly name = "NameUnansweredError";
}

interface NamesOptions {
  /** In place of all that the system would ask, as "127.0.0.1:53". */
  servers?: readonly string[];
  hostsFile?: string;
  resolverFile?: string;
}

const WITHIN_MS = 5000;
/** Long enough that what a probe asks for more than once is asked for once. */
const ASK_TIMEOUT_MS = 2000;
const ASK_TRIES = 2;
const MAX_LAST_KNOWN = 100_000;
const DEFAULT_MIN_DOTS = 1;
/** Answers that there is no such name or no address of it; every other error is of the name server. */
const NO_SUCH_NAME: ReadonlySet<string> = new Set(["ENOTFOUND", "ENODATA", "EBADNAME"]);

/**
 * Where hosts are: by the hosts file, then by the name servers, then by what else the system has (mDNS and the like). Name servers are asked
 * over sockets of its own, because `getaddrinfo` takes one of the four threads of the process for as long as a server says nothing.
 */
export class Names {
  readonly #hosts: SystemFile<ReadonlyMap<string, LookupAddress[]>>;
  readonly #servers: SystemFile<NameServers>;
  readonly #asksSystem: boolean;
  readonly #underWay = new Map<string, Lookup>();
  /** By name, the one that was looked up last at the end. */
  readonly #lastKnown = new Map<string, LookupAddress[]>();
  #systemIsFree: Promise<unknown> = Promise.resolve();

  constructor({ servers, hostsFile = "/etc/hosts", resolverFile = "/etc/resolv.conf" }: NamesOptions = {}) {
    this.#hosts = new SystemFile(hostsFile, parseHosts);
    this.#servers = new SystemFile(resolverFile, (text) => new NameServers(text, servers));
    this.#asksSystem = servers === undefined;
  }

  /** One that is late is where it was last. Throws NameUnansweredError when that is not known, and another error when there is no such name. */
  readonly resolve: Resolve = async (host, withinMs = WITHIN_MS) => {
    const name = host.toLowerCase();
    const known = isIP(name) === 0 ? this.#hosts.content.get(name) : [addressOf(name)];
    if (known !== undefined) return known;
    const lookup = this.#underWay.get(name) ?? this.#begin(name);
    await lookup.endWithin(withinMs);
    if (lookup.found.length > 0) return lookup.found;
    const lastKnown = this.#lastKnown.get(name);
    if (lastKnown !== undefined) return lastKnown;
    throw lookup.problem ?? new NameUnansweredError(`no name server said where ${name} is within ${withinMs} ms`);
  };

  #begin(name: string): Lookup {
    const lookup = new Lookup((found) => this.#lookUp(name, found));
    this.#underWay.set(name, lookup);
    void lookup.end.then(() => {
      this.#underWay.delete(name);
      if (!(lookup.problem instanceof NameUnansweredError)) this.#lastKnown.delete(name);
      if (lookup.found.length > 0) this.#lastKnown.set(name, lookup.found);
      const [oldest] = this.#lastKnown.keys();
      if (oldest !== undefined && this.#lastKnown.size > MAX_LAST_KNOWN) this.#lastKnown.delete(oldest);
    });
    return lookup;
  }

  async #lookUp(name: string, found: LookupAddress[]): Promise<void> {
    await this.#servers.content.ask(name, found);
    if (found.length > 0) return;
    if (!this.#asksSystem) throw new ForeseenError(`there is no host ${name}`);
    // One at a time, so that it never has more than one thread.
    const asked = this.#systemIsFree.then(() => askSystem(name, { all: true }));
    this.#systemIsFree = asked.catch(() => undefined);
    const addresses = await asked.catch((error: NodeJS.ErrnoException) => {
      throw NO_SUCH_NAME.has(error.code ?? "") ? error : new NameUnansweredError(error.message, { cause: error });
    });
    found.push(...addresses);
  }
}

/** A lookup that all who ask for the name share. */
class Lookup {
  readonly #startedAtMs = performance.now();
  /** What has come so far. */
  readonly found: LookupAddress[] = [];
  /** Why nothing was found, once it has ended. */
  problem: Error | undefined;
  /** Never rejects. */
  readonly end: Promise<void>;

  constructor(run: (found: LookupAddress[]) => Promise<void>) {
    this.end = run(this.found).catch((error: unknown) => {
      this.problem = asError(error);
    });
  }

  /** Resolves at the end, or when it is as old as that: who comes late does not wait as long again. */
  async endWithin(ms: number): Promise<void> {
    const restMs = ms - (performance.now() - this.#startedAtMs);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, restMs));
    });
    await Promise.race([this.end, late]);
    clearTimeout(timer);
  }
}

/** The name servers as `resolv.conf` has them, search domains included. */
class NameServers {
  readonly #resolver = new Resolver({ timeout: ASK_TIMEOUT_MS, tries: ASK_TRIES });
  readonly #search: readonly string[];
  readonly #minDots: number;

  constructor(resolvConf: string, servers: readonly string[] | undefined) {
    if (servers !== undefined) this.#resolver.setServers(servers);
    const lines = resolvConf.split("\n").map((line) => line.trim().split(/\s+/));
    const valuesOf = (...keys: string[]) => lines.findLast(([key = ""]) => keys.includes(key))?.slice(1) ?? [];
    this.#search = valuesOf("search", "domain").map((domain) => domain.replace(/\.$/, ""));
    const minDots = valuesOf("options").map((option) => /^ndots:(\d+)$/.exec(option)?.[1]);
    this.#minDots = Number(minDots.findLast((dots) => dots !== undefined) ?? DEFAULT_MIN_DOTS);
  }

  /** Puts into `found` what is found, at once. Throws NameUnansweredError when a server that did not answer might have known. */
  async ask(name: string, found: LookupAddress[]): Promise<void> {
    const unanswered: unknown[] = [];
    for (const fullName of this.#fullNames(name)) {
      const add = (addresses: string[]) => void found.push(...addresses.map(addressOf));
      const families = [this.#resolver.resolve4(fullName).then(add), this.#resolver.resolve6(fullName).then(add)];
      for (const answer of await Promise.allSettled(families)) {
        if (answer.status === "rejected" && !NO_SUCH_NAME.has(answer.reason.code)) unanswered.push(answer.reason);
      }
      if (found.length > 0) return;
    }
    if (unanswered.length === 0) return;
    throw new NameUnansweredError(`no name server said where ${name} is: ${reasonOf(unanswered[0])}`);
  }

  #fullNames(name: string): string[] {
    const searched = this.#search.map((domain) => `${name}.${domain}`);
    return name.split(".").length > this.#minDots ? [name, ...searched] : [...searched, name];
  }
}

const addressOf = (address: string): LookupAddress => ({ address, family: isIP(address) });

function parseHosts(text: string): ReadonlyMap<string, LookupAddress[]> {
  const hosts = new Map<string, LookupAddress[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names.map((one) => one.toLowerCase().replace(/\.$/, ""))) {
      hosts.set(name, [...(hosts.get(name) ?? []), addressOf(address)]);
    }
  }
  return hosts;
}
