import type { HostKey } from "@repo/hive-catalog";
import { fingerprintOf, type PublicKey } from "./host-key.ts";
import type { HostKeys } from "./host-key-desk.ts";

const keyToJson = (key: PublicKey) => ({ key_type: key.keyType, fingerprint: fingerprintOf(key) });

export const pinnedToJson = (key: HostKey) => ({ ...keyToJson(key), pinned_at_ms: key.pinnedAtMs });

export const keysToJson = ({ target, pinned, offered, problem }: HostKeys) => ({
  ssh_host: target.host,
  ssh_port: target.port,
  pinned: pinned.map(pinnedToJson),
  offered: offered.map(keyToJson),
  problem,
});
