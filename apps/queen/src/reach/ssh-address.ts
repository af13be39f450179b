import { connect, isIP } from "node:net";
import type { HiveRecord } from "@repo/hive-catalog";
import { isHost, isSshUser } from "@repo/hive-catalog/record";
import { unlessAborted } from "../process/abort.ts";
import { ForeseenError, reasonOf } from "../process/errors.ts";
import { plainHost } from "./addresses.ts";
import { type AllowedHosts, notAllowed } from "./allowed-hosts.ts";
import type { Resolve } from "./names.ts";

const DEFAULT_PORT = 22;
const CONNECT_TIMEOUT_MS = 5000;

/** Where and as whom to log in. Each part keeps the catalog's rule of today, which leaves nothing that ssh could read as an option. */
export interface SshTarget {
  readonly host: string;
  readonly port: number;
  /** `null` means the user that runs the queen. */
  readonly user: string | null;
}

/** What is stored may break that rule: this is the last door before the values become arguments. */
export function sshTargetOf({
  sshHost,
  sshPort,
  sshUser,
}: Pick<HiveRecord, "sshHost" | "sshPort" | "sshUser">): SshTarget {
  const port = sshPort ?? DEFAULT_PORT;
  if (sshHost === null) throw new ForeseenError("this hive has no ssh_host");
  const host = plainHost(sshHost);
  if (host === undefined || !isHost(host)) throw wrongField("ssh_host", "a host name or an IP address", sshHost);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw wrongField("ssh_port", "a port", port);
  if (sshUser !== null && !isSshUser(sshUser)) throw wrongField("ssh_user", "a user name that ssh can carry", sshUser);
  return { host: host.toLowerCase(), port, user: sshUser };
}

const wrongField = (name: string, what: string, held: unknown): ForeseenError =>
  new ForeseenError(`${name} must be ${what}, but it is ${JSON.stringify(held)}: mend it`);

interface AddressOptions {
  resolve: Resolve;
  allowedHosts: AllowedHosts;
  signal: AbortSignal;
}

/**
 * An address of the target that the queen may contact: ssh gets the very address that was checked. Of several it is the first that takes a
 * connection, or the first of all when none does.
 */
export async function addressOf({ host, port }: SshTarget, options: AddressOptions): Promise<string> {
  const { resolve, allowedHosts, signal } = options;
  const found = isIP(host) === 0 ? await unlessAborted(signal, lookUp(host, resolve)) : [host];
  const allowed = found.filter((one) => allowedHosts.allows(host, one));
  const [first] = allowed;
  if (first === undefined) throw new ForeseenError(notAllowed(host, host, found.join(", ")));
  if (allowed.length === 1) return first;
  for (const address of allowed) if (await unlessAborted(signal, takesConnection(address, port))) return address;
  return first;
}

function takesConnection(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    const answer = (takes: boolean) => {
      socket.destroy();
      resolve(takes);
    };
    socket
      .on("connect", () => answer(true))
      .on("timeout", () => answer(false))
      .on("error", () => answer(false));
  });
}

async function lookUp(host: string, resolve: Resolve): Promise<string[]> {
  try {
    return (await resolve(host)).map(({ address }) => address);
  } catch (error) {
    throw new ForeseenError(`the address of ${host} cannot be found: ${reasonOf(error)}`, { cause: error });
  }
}
