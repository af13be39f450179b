import { isDeepStrictEqual } from "node:util";
import { readSecretFile } from "@repo/settings";
import type { Logger } from "pino";
import { SERVER_KINDS, type ServerKind } from "./adapter.ts";

/** A server that an operator named. */
export interface ConfiguredServer {
  /** Undefined where it is to be found out. */
  readonly kind: ServerKind | undefined;
  readonly base: URL;
}

const RULE = `must be a list such as vllm=http://127.0.0.1:8000,http://10.0.0.5:9000, with kinds among ${SERVER_KINDS.join(", ")}`;

/** Reads `kind=url,url,…`; a sentence where that cannot be used. */
export function parseServers(list: string): ConfiguredServer[] | string {
  const servers: ConfiguredServer[] = [];
  for (const item of list.split(",").map((one) => one.trim())) {
    if (item === "") continue;
    const [, name, address = ""] = /^(?:([a-z]+)=)?(.*)$/.exec(item) ?? [];
    const kind = SERVER_KINDS.find((one) => one === name);
    const base = baseOf(address);
    if (base === undefined || (name !== undefined && kind === undefined)) return RULE;
    if (!servers.some((one) => isSamePlace(one.base, base))) servers.push({ kind, base });
  }
  return servers;
}

/** Without the `/v1` that callers of an OpenAI-like server write. */
function baseOf(address: string): URL | undefined {
  if (!/^https?:\/\//.test(address) || !URL.canParse(address)) return undefined;
  const base = new URL(address);
  if (base.port === "0") return undefined; // Node asks at the port that is usual
  if (`${base.username}${base.password}${base.search}${base.hash}` !== "") return undefined;
  base.pathname = base.pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
  return base;
}

export const portOf = ({ port, protocol }: URL): number => Number(port || (protocol === "https:" ? 443 : 80));

/** Keys by `host:port`, as `placeOf` writes it. */
export type Keys = ReadonlyMap<string, string>;

export const keyFor = (keys: Keys, base: URL): string | undefined => keys.get(placeOf(base));

/** The one form of a place that can be written in several. */
const placeOf = (base: URL): string => `${base.hostname === "localhost" ? "127.0.0.1" : base.hostname}:${portOf(base)}`;

const isSamePlace = (a: URL, b: URL): boolean => placeOf(a) === placeOf(b) && a.pathname === b.pathname;

const MAX_KEYS_BYTES = 65_536;

/** Reads a file of lines `host:port key`. @throws Error that says what is wrong, and never a key */
export function readKeys(path: string): Keys {
  const lines = readSecretFile(path, MAX_KEYS_BYTES).toString().split("\n").entries();
  const keys = new Map<string, string>();
  for (const [position, line] of lines) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const [, place, key] = /^\s*([^\s/?#@]+:\d{1,5})\s+([\x21-\x7e]+)\s*$/.exec(line) ?? [];
    if (key === undefined || !URL.canParse(`http://${place}`)) {
      throw new Error(`line ${position + 1} must be host:port and a key`);
    }
    keys.set(placeOf(new URL(`http://${place}`)), key);
  }
  return keys;
}

/** Reads the file anew each time that it is asked: the same object, as long as it says the same. What cannot be used then leaves what was read before, and is said once. */
export function renewedKeys(path: string, first: Keys, log: Logger): () => Keys {
  let [keys, said] = [first, ""];
  return () => {
    let reason = "";
    try {
      const anew = readKeys(path);
      if (!isDeepStrictEqual(anew, keys)) keys = anew;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    if (reason !== said && reason !== "")
      log.warn({ path, reason }, "the keys of servers stay as they were read before");
    said = reason;
    return keys;
  };
}
