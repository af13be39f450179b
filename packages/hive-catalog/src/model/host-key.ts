import * as z from "zod";
import { field, rule, rulesOf, time } from "./fields.ts";
import { portNumber, recordFields } from "./hive.ts";
import { matching } from "./texts.ts";

const PUBLIC_KEY = rule("must be the base64 of a key as known_hosts has it");
const publicKey = z.base64(PUBLIC_KEY).min(4, PUBLIC_KEY).max(16_384, PUBLIC_KEY);
const host = recordFields.host.toLowerCase();

export const hostKeyFields = {
  /** In lowercase, as known_hosts compares names. */
  host: field("host", { type: "text", sentence: "must be a host in lowercase", isSound: isLowercaseHost }, host),
  port: field("port", portNumber, recordFields.port),
  keyType: matching(
    "key_type",
    "must be the type of a key as known_hosts has it, such as ssh-ed25519",
    /^[a-z0-9][a-z0-9@.-]{0,63}$/,
  ),
  publicKey: field(
    "public_key",
    { type: "text", sentence: "must be the base64 of a key", isLong: true, isSound: isPublicKey },
    publicKey,
  ),
  pinnedAtMs: time("pinned_at_ms"),
};

function isLowercaseHost(held: unknown): boolean {
  return host.safeParse(held).data === held;
}

function isPublicKey(held: unknown): boolean {
  return publicKey.safeParse(held).success;
}

/** An SSH host key that an operator confirmed. */
export const HostKey = z.strictObject(rulesOf(hostKeyFields));
export type HostKey = z.infer<typeof HostKey>;

/** What `hostKeys.pin` takes; `pinnedAtMs` is now by default. A whole `HostKey` will do. */
export const NewHostKey = HostKey.partial({ pinnedAtMs: true });
export type NewHostKey = z.input<typeof NewHostKey>;
