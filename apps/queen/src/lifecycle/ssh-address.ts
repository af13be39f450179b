import { connect, isIP } from "node:net";
import type { HiveRecord } from "@repo/hive-catalog";
import { isHost, isSshUser } from "@repo/hive-catalog/record";
import type { AllowedHosts } from "../allowed-hosts.ts";
import type { Resolve } from "../probe.ts";
import { unlessAborted } from "./operation-run.ts";
import { reasonOf, StepError } from "./step-error.ts";

const DEFAULT_PORT = 22;
const CONNECT_TIMEOUT_MS = 5000;

/** Where and as whom to log in. Each part keeps the catalog's rule, which leaves nothing that ssh could read as an option. */
export interface SshTarget {
  readonly host: string;
  readonly port: number;
  /** `null` means the user that runs the queen. */
  readonly user: string | null;
}

/** Checks again what the catalog checks: this is the last door before the values become arguments. */
export function sshTargetOf({
  sshHost,
  sshPort,
  sshUser,
}: Pick<HiveRecord, "sshHost" | "sshPort" | "sshUser">): SshTarget {
  const port = sshPort ?? DEFAULT_PORT;
  if (sshHost === null) throw new StepError("this hive has no ssh_host");
  if (!isHost(sshHost)) throw new StepError(`ssh_host is no host name and no IP address: ${JSON.stringify(sshHost)}`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new StepError(`ssh_port is no port: ${JSON.stringify(port)}`);
  if (sshUser !== null && !isSshUser(sshUser))
    throw new StepError(`ssh_user is no user name: ${JSON.stringify(sshUser)}`);
  return { host: sshHost.toLowerCase(), port, user: sshUser };
}

export const display = ({ host, port }: Pick<SshTarget, "host" | "port">): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;

export interface AddressOptions {
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
  if (first === undefined) throw notAllowed(host, found);
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

function notAllowed(host: string, found: readonly string[]): StepError {
  const which = found[0] === host ? host : `${host} (${found.join(", ") || "no address"})`;
  return new StepError(`${which} is not among the hosts that this queen may contact (QUEEN_ALLOWED_HOSTS)`);
}

async function lookUp(host: string, resolve: Resolve): Promise<string[]> {
  try {
    return (await resolve(host)).map(({ address }) => address);
  } catch (error) {
    throw new StepError(`the address of ${host} cannot be found: ${reasonOf(error)}`, { cause: error });
  }
}
