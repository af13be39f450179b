import type { HiveRecord } from "@repo/hive-catalog";
import { HIVE_ID_PATTERN } from "@repo/hive-catalog/record";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetParts } from "../fleet/parts.ts";
import { reasonOf } from "../process/errors.ts";
import type { Resolve } from "../reach/names.ts";
import { addressOf, type SshTarget, sshTargetOf } from "../reach/ssh-address.ts";
import { StepFailure } from "./failures.ts";
import type { Host, ProgramDefaults } from "./host.ts";
import { LocalHost } from "./local-host.ts";
import type { OperationRun } from "./operation-run.ts";
import { SshHost } from "./ssh/ssh-host.ts";
import type { SshSettings } from "./ssh/ssh-options.ts";

/** What the queen is told of how hives are installed and started. */
interface LifecycleSettings {
  /** Under which hives reach the queen; without a slash at its end. */
  readonly publicUrl: string | undefined;
  /** File with the certificates of the authority behind `publicUrl`, for hives that would not trust it otherwise. */
  readonly publicCa: string | undefined;
  readonly ssh: SshSettings;
  /** The environment of the programs that the queen runs: nothing of her own settings is in it. */
  readonly programEnv: Readonly<Record<string, string>>;
}

/** How long things may take, in milliseconds. */
export const TIMEOUTS = {
  /** One command on a host. */
  commandMs: 60_000,
  /** One that brings a file. */
  copyMs: 180_000,
  /** From the start of an agent to its first answer. */
  healthMs: 30_000,
  /** A whole operation. */
  operationMs: 600_000,
};
export type LifecycleTimeouts = typeof TIMEOUTS;

export interface JobParts extends Pick<FleetParts, "catalog" | "probe" | "allowedHosts" | "stopping"> {
  fleet: Fleet;
  resolve: Resolve;
  settings: LifecycleSettings;
  timeouts: LifecycleTimeouts;
  /** The hive agent as one file that needs nothing but Node. */
  agentFile: string;
  /** Where a hive on the queen's own machine reaches her. */
  ownUrl: () => string;
}

/** What the steps of one operation share. */
export class Job {
  readonly parts: JobParts;
  readonly hive: HiveRecord;
  readonly run: OperationRun;
  /** Filled by the steps, for those behind them. */
  addresses: readonly string[] = [];
  bundle: string | undefined;
  tokenId: string | undefined;
  isRunning = false;
  #host: Host | undefined;

  constructor(parts: JobParts, hive: HiveRecord, run: OperationRun) {
    this.parts = parts;
    this.hive = hive;
    this.run = run;
  }

  /** A hive without SSH fields runs on the machine of the queen. */
  get isLocal(): boolean {
    return this.hive.sshHost === null;
  }

  get signal(): AbortSignal {
    return this.run.signal;
  }

  /** Where the agent and all that belongs to it is kept, relative to the home of its user. Its name is the hive's id, which `openHost` checks. */
  get folder(): string {
    return `.hive/${this.hive.id}`;
  }

  get host(): Host {
    if (this.#host === undefined) throw new Error("there is no connection yet");
    return this.#host;
  }

  /** The URL that the agent beats to. */
  get queenUrl(): string {
    const url = this.knownQueenUrl;
    if (url === undefined) throw new StepFailure("PUBLIC_URL_MISSING", "QUEEN_PUBLIC_URL is not set");
    return url;
  }

  /** The same, where the queen was told. */
  get knownQueenUrl(): string | undefined {
    const { settings, ownUrl } = this.parts;
    return this.isLocal ? ownUrl() : settings.publicUrl;
  }

  /** Refuses what is not safe in paths and settings: it names the folder of the agent, which would not start under it either. */
  async openHost(): Promise<Host> {
    if (!HIVE_ID_PATTERN.test(this.hive.id)) throw notForAgents(this.hive.id);
    const { settings, timeouts } = this.parts;
    const program = { env: settings.programEnv, timeoutMs: timeouts.commandMs, onOutput: this.run.onOutput };
    this.#host = this.isLocal ? new LocalHost(program) : await this.#sshHost(program);
    return this.#host;
  }

  async close(): Promise<void> {
    await this.#host?.close();
  }

  async #sshHost(program: ProgramDefaults): Promise<SshHost> {
    const { catalog, settings } = this.parts;
    const { target, address } = await this.#sshTarget();
    return SshHost.open({
      target,
      address,
      pinned: await catalog.hostKeys.find(target.host, target.port),
      settings: settings.ssh,
      program,
    });
  }

  async #sshTarget(): Promise<{ target: SshTarget; address: string }> {
    const { resolve, allowedHosts } = this.parts;
    try {
      const target = sshTargetOf(this.hive);
      return { target, address: await addressOf(target, { resolve, allowedHosts, signal: this.signal }) };
    } catch (error) {
      throw new StepFailure("SSH_TARGET_UNUSABLE", reasonOf(error), { cause: error });
    }
  }
}

function notForAgents(id: string): StepFailure {
  const rule = "1 to 128 letters, digits, dots, underscores or hyphens, beginning with a letter or digit";
  const detail = `the id of an agent must be ${rule}, but that of this hive is ${JSON.stringify(id)}`;
  return new StepFailure("ID_NOT_FOR_AGENTS", detail);
}
