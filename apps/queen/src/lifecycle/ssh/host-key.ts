import { createHash } from "node:crypto";
import type { HostKey } from "@repo/hive-catalog";
import type { SshTarget } from "../../reach/ssh-address.ts";

const SSH_PORT = 22;

/** A public key of a host; `publicKey` is the base64 of a known_hosts line. */
export type PublicKey = Pick<HostKey, "keyType" | "publicKey">;

/** The fingerprint as ssh shows it: `SHA256:` and 43 characters of base64. */
export const fingerprintOf = ({ publicKey }: PublicKey): string =>
  `SHA256:${createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("base64").replace(/=+$/, "")}`;

export const describeKeys = (keys: readonly PublicKey[]): string =>
  keys.map((key) => `${key.keyType} ${fingerprintOf(key)}`).join(", ");

/** The name under which known_hosts files have a host: with its port, unless that is 22. */
export const knownHostsName = ({ host, port }: Pick<SshTarget, "host" | "port">): string =>
  port === SSH_PORT ? host : `[${host}]:${port}`;

/** A known_hosts file with these keys of one host. */
export const knownHostsFile = (target: SshTarget, keys: readonly PublicKey[]): string =>
  keys.map(({ keyType, publicKey }) => `${knownHostsName(target)} ${keyType} ${publicKey}\n`).join("");

/** Whoever wrote it by hand may have left a comment behind the key. */
const KEY_LINE = /^\S+\s+([a-z0-9@.-]{1,64})\s+([A-Za-z0-9+/]{16,16384}={0,2})(?:\s|$)/;

/** The keys in the lines of a known_hosts file, or of what ssh-keyscan prints. */
export function parseKeys(text: string): PublicKey[] {
  return text.split("\n").flatMap((line) => {
    const [, keyType, publicKey] = KEY_LINE.exec(line.trim()) ?? [];
    return keyType === undefined || publicKey === undefined ? [] : [{ keyType, publicKey }];
  });
}
