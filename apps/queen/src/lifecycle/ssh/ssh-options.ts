import type { SshTarget } from "../../reach/ssh-address.ts";
import { knownHostsName } from "./host-key.ts";

/** Settings of ssh, the same for every hive. */
export interface SshSettings {
  /** File with the private key to log in with; without it ssh takes the keys of the queen's user, and of the agent in SSH_AUTH_SOCK. */
  readonly identity: string | undefined;
  /** File with host keys that someone else has confirmed, beside the keys that are pinned in the catalog. */
  readonly knownHosts: string | undefined;
}

/**
 * What holds for every connection. Nothing is asked on a terminal, no configuration of the user or the machine is read, nothing is
 * forwarded, and there is no way to have the host key not checked.
 */
const ALWAYS = [
  "BatchMode=yes",
  "StrictHostKeyChecking=yes",
  "CheckHostIP=no",
  "UpdateHostKeys=no",
  "VerifyHostKeyDNS=no",
  "PreferredAuthentications=publickey",
  "ClearAllForwardings=yes",
  "ForwardAgent=no",
  "ForwardX11=no",
  "PermitLocalCommand=no",
  "ControlMaster=no",
  "ControlPath=none",
  "ProxyCommand=none",
  "LogLevel=ERROR",
  "ConnectTimeout=10",
  "ServerAliveInterval=5",
  "ServerAliveCountMax=3",
];

/** The options of each call. `knownHosts` is the file with the pinned keys of this host. */
export function sshOptions(target: SshTarget, knownHosts: string, settings: SshSettings): string[] {
  const options = [
    ...ALWAYS,
    `UserKnownHostsFile="${knownHosts}"`,
    `GlobalKnownHostsFile="${settings.knownHosts ?? "/dev/null"}"`,
    // The connection goes to an address, but the key is that of the name.
    `HostKeyAlias=${knownHostsName(target)}`,
    `Port=${target.port}`,
    ...(target.user === null ? [] : [`User=${target.user}`]),
    ...(settings.identity === undefined ? [] : [`IdentityFile="${settings.identity}"`, "IdentitiesOnly=yes"]),
  ];
  return ["-F", "none", ...options.flatMap((option) => ["-o", option])];
}
