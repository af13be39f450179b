import { setMaxListeners } from "node:events";
import type { HiveRecord, HostKey } from "@repo/hive-catalog";
import { ProgramError } from "@repo/processes";
import { readHive } from "../../fleet/read-hive.ts";
import { unlessAborted } from "../../process/abort.ts";
import { ForeseenError, reasonOf } from "../../process/errors.ts";
import type { Slots } from "../../process/slots.ts";
import { display } from "../../reach/addresses.ts";
import { addressOf, type SshTarget, sshTargetOf } from "../../reach/ssh-address.ts";
import { LifecycleError } from "../errors.ts";
import type { JobParts } from "../job.ts";
import { describeKeys, fingerprintOf, type PublicKey } from "./host-key.ts";
import { scanHostKeys } from "./ssh-host.ts";

/** What an operator has vouched for, of the host behind a hive. */
export interface PinnedKeys {
  readonly target: SshTarget;
  readonly pinned: readonly HostKey[];
}

/** Where operators look at the SSH host keys of hives and vouch for them. */
export class HostKeyDesk {
  readonly #parts: JobParts;
  readonly #slots: Slots;
  /** That run or wait, by their targets. */
  readonly #scans = new Map<string, Promise<PublicKey[]>>();

  /** Its looks at hosts take their places among `slots`. */
  constructor(parts: JobParts, slots: Slots) {
    this.#parts = parts;
    this.#slots = slots;
    // Of each scan that runs or waits.
    setMaxListeners(0, parts.stopping);
  }

  async show(hiveId: string): Promise<PinnedKeys> {
    const target = await this.#targetOf(hiveId);
    return { target, pinned: await this.#parts.catalog.hostKeys.find(target.host, target.port) };
  }

  /** What is pinned, and what the host offers now; `problem` says why that is nothing. */
  async scan(hiveId: string): Promise<PinnedKeys & { offered: readonly PublicKey[]; problem: string | null }> {
    const known = await this.show(hiveId);
    try {
      return { ...known, offered: await this.#scan(known.target), problem: null };
    } catch (error) {
      if (!(error instanceof ForeseenError || error instanceof ProgramError)) throw error;
      return { ...known, offered: [], problem: error.message };
    }
  }

  /** Pins the key with this fingerprint, if the host offers it now and no other key is pinned. */
  async confirm(hiveId: string, fingerprint: string): Promise<HostKey> {
    const { target, pinned } = await this.show(hiveId);
    const same = pinned.find((key) => fingerprintOf(key) === fingerprint);
    if (same !== undefined) return same;
    const offered = await this.#scan(target).catch(unreachable);
    const key = offered.find((one) => fingerprintOf(one) === fingerprint);
    if (key === undefined) throw notOffered(target, fingerprint, offered);
    if (pinned.length > 0) throw otherKeyPinned(target, pinned, key);
    return this.#parts.catalog.hostKeys.pin({ host: target.host, port: target.port, ...key });
  }

  /** Forgets the keys of the host; answers whether there were any. */
  async forget(hiveId: string): Promise<boolean> {
    const target = await this.#targetOf(hiveId);
    return this.#parts.catalog.hostKeys.remove(target.host, target.port);
  }

  async #targetOf(hiveId: string): Promise<SshTarget> {
    const hive = await readHive(hiveId, this.#parts);
    if (hive.sshHost === null) throw noSshHost(hive);
    try {
      return sshTargetOf(hive);
    } catch (error) {
      throw new LifecycleError("HIVE_NOT_MANAGED", reasonOf(error), { cause: error });
    }
  }

  /** Whoever asks for the same meanwhile gets the same: an sshd refuses connections when there are many at once. */
  #scan(target: SshTarget): Promise<PublicKey[]> {
    const key = display(target);
    const running = this.#scans.get(key);
    if (running !== undefined) return running;
    const scan = this.#scanInTurn(target).finally(() => this.#scans.delete(key));
    this.#scans.set(key, scan);
    return scan;
  }

  async #scanInTurn(target: SshTarget): Promise<PublicKey[]> {
    const { resolve, allowedHosts, settings, timeouts, stopping: signal } = this.#parts;
    const slot = this.#slots.take();
    try {
      await unlessAborted(signal, slot.come);
      const address = await addressOf(target, { resolve, allowedHosts, signal });
      const how = { env: settings.programEnv, timeoutMs: timeouts.commandMs, signal };
      const offered = await scanHostKeys(address, target.port, how);
      if (offered.length === 0) throw new ForeseenError(`no sshd answers at ${display(target)}`);
      return offered;
    } finally {
      slot.free();
    }
  }
}

const noSshHost = ({ id }: HiveRecord): LifecycleError =>
  new LifecycleError("HIVE_NOT_MANAGED", `The hive ${JSON.stringify(id)} has no ssh_host`);

function unreachable(error: unknown): never {
  throw new LifecycleError("SSH_UNREACHABLE", reasonOf(error), { cause: error });
}

const notOffered = (target: SshTarget, fingerprint: string, offered: readonly PublicKey[]): LifecycleError =>
  new LifecycleError(
    "HOST_KEY_MISMATCH",
    `${display(target)} does not offer a key with the fingerprint ${fingerprint}: it offers ${describeKeys(offered)}`,
  );

const otherKeyPinned = (target: SshTarget, pinned: readonly HostKey[], key: PublicKey): LifecycleError =>
  new LifecycleError(
    "HOST_KEY_CHANGED",
    `For ${display(target)} another key is pinned: ${describeKeys(pinned)}; this one is ${describeKeys([key])}. If the host was set up ` +
      `anew, and only then, forget the pinned key first`,
  );
