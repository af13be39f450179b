import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ProgramEnd, type ProgramOptions, runProgram } from "@repo/processes";
import { display } from "../../reach/addresses.ts";
import type { SshTarget } from "../../reach/ssh-address.ts";
import { StepFailure } from "../failures.ts";
import {
  beginningOf,
  type CommandOptions,
  commandFailed,
  type Host,
  type ProgramDefaults,
  whyFailed,
} from "../host.ts";
import { describeKeys, knownHostsFile, knownHostsName, type PublicKey, parseKeys } from "./host-key.ts";
import { forAnyShell, shellQuote } from "./shell-quote.ts";
import { type SshSettings, sshOptions } from "./ssh-options.ts";

/** What ssh exits with when the connection, and not the command, failed. */
const CONNECTION_FAILED = 255;
const HOST_KEY_REFUSED = /host key verification failed|remote host identification has changed/i;
const HOST_KEY_REVOKED = /marked as revoked/i;
const OWN_USER_UNKNOWN = /^no user exists for uid \d+/im;
const KEY_REFUSED = /permission denied \(|too many authentication failures/i;

export interface SshHostOptions {
  target: SshTarget;
  /** The address of the target's host that was checked. */
  address: string;
  /** The keys of the host that an operator has confirmed. */
  pinned: readonly PublicKey[];
  settings: SshSettings;
  program: ProgramDefaults;
}

/** A machine behind sshd, reached with the system's ssh; each call is a connection of its own. */
export class SshHost implements Host {
  readonly name: string;
  readonly #options: SshHostOptions;
  readonly #folder: string;
  readonly #sshOptions: string[];

  private constructor(options: SshHostOptions, folder: string, knownHosts: string) {
    const { target, settings } = options;
    this.name = target.user === null ? display(target) : `${target.user}@${display(target)}`;
    this.#options = options;
    this.#folder = folder;
    this.#sshOptions = sshOptions(target, knownHosts, settings);
  }

  /** Writes the known_hosts file of its connections; `close` removes it. */
  static async open(options: SshHostOptions): Promise<SshHost> {
    const folder = await mkdtemp(join(tmpdir(), "queen-ssh-")).catch(failOnTempFolder);
    const knownHosts = join(folder, "known_hosts");
    const host = new SshHost(options, folder, knownHosts);
    const lines = knownHostsFile(options.target, options.pinned);
    await writeFile(knownHosts, lines, { mode: 0o600 }).catch((error) =>
      host.close().then(() => failOnTempFolder(error)),
    );
    return host;
  }

  async run(words: readonly string[], options: CommandOptions): Promise<string> {
    const { address, program } = this.#options;
    const marker = randomBytes(8).toString("hex");
    // Another one than what it reads: a program that sends back its input runs nothing.
    const line = `${marker} read\n`;
    const args = [...this.#sshOptions, "--", address, forAnyShell(behindMarker(marker, words))];
    const onOutput = (text: string) => program.onOutput?.(text.replace(line, ""));
    const input = `${marker}\n${options.input ?? ""}`;
    const end = await runProgram("ssh", args, { ...program, ...options, input, onOutput });
    if (end.exitCode === CONNECTION_FAILED) throw await this.#connectionFailed(end, options.signal);
    // What stands before the marker is of the login shell: of a file such as .bashrc that prints something.
    const [before = "", ...own] = end.stdout.split(line);
    if (own.length === 0 && end.exitCode !== null) throw notRun(this.name, `${before}\n${end.stderr}`);
    const stdout = own.join(line);
    if (end.exitCode !== 0) throw commandFailed(this.name, { ...end, stdout: stdout || before });
    return stdout;
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** When the host's key is why, the error names what is known and what is offered. */
  async #connectionFailed(end: ProgramEnd, signal: AbortSignal): Promise<StepFailure> {
    if (!HOST_KEY_REFUSED.test(end.stderr)) {
      const said = `the connection to ${this.name} failed with ${whyFailed(end)}`;
      if (OWN_USER_UNKNOWN.test(end.stderr)) return new StepFailure("QUEEN_USER_UNKNOWN", said);
      if (KEY_REFUSED.test(end.stderr)) return this.#keyRefused(said, signal);
      // Of these ssh says nothing that is an error for it.
      const silence = ": it was cut off, or silent for 15 s, or ssh and sshd have no algorithm in common";
      return new StepFailure("SSH_UNREACHABLE", `${said}${end.stderr.trim() === "" ? silence : ""}`);
    }
    const { target, address, program, settings } = this.#options;
    if (HOST_KEY_REVOKED.test(end.stderr)) {
      const why = `is revoked in ${settings.knownHosts}, so nothing was sent to it`;
      return new StepFailure("HOST_KEY_REVOKED", `the host key of ${display(target)} ${why}`);
    }
    const { env, timeoutMs } = program;
    const offers = describeKeys(await scanHostKeys(address, target.port, { env, timeoutMs, signal })) || "no key";
    const known = await this.#knownKeys(signal);
    const key = `the host key of ${display(target)}`;
    if (known.length === 0) return new StepFailure("HOST_KEY_UNKNOWN", `${key} is not known. It offers ${offers}`);
    const keys = `Known is ${describeKeys(known)}; it offers ${offers} now`;
    return new StepFailure("HOST_KEY_CHANGED", `${key} has changed, so nothing was sent to it. ${keys}`);
  }

  /** ssh says nothing of a key that it could not use, and goes on without. */
  async #keyRefused(said: string, signal: AbortSignal): Promise<StepFailure> {
    const { settings, program } = this.#options;
    const { env, timeoutMs } = program;
    if (settings.identity === undefined) return new StepFailure("SSH_KEY_REFUSED", said);
    const asWithoutPassphrase = ["-y", "-P", "", "-f", settings.identity];
    const end = await runProgram("ssh-keygen", asWithoutPassphrase, { env, timeoutMs, signal });
    if (end.exitCode === 0) return new StepFailure("SSH_KEY_REFUSED", said);
    return new StepFailure("SSH_KEY_UNUSABLE", `${said}; to read the key failed with ${whyFailed(end)}`);
  }

  async #knownKeys(signal: AbortSignal): Promise<PublicKey[]> {
    const { target, settings, pinned, program } = this.#options;
    const { env, timeoutMs } = program;
    if (settings.knownHosts === undefined) return [...pinned];
    const args = ["-F", knownHostsName(target), "-f", settings.knownHosts];
    const { stdout } = await runProgram("ssh-keygen", args, { env, timeoutMs, signal });
    return [...pinned, ...parseKeys(stdout)];
  }
}

function failOnTempFolder(error: Error): never {
  throw new StepFailure("TEMP_FOLDER_UNUSABLE", error.message, { cause: error });
}

/**
 * Runs the words in the user's home once the marker has arrived: a file such as .bashrc may have gone elsewhere, or read the input. Where that home is
 * not to be had, what is kept there would be missed, and be made elsewhere.
 */
const behindMarker = (marker: string, words: readonly string[]): string =>
  `read -r line && [ "$line" = ${marker} ] || exit 1; echo "$line read"; cd || exit 1; exec ${shellQuote(words)}`;

const notRun = (host: string, said: string): StepFailure =>
  new StepFailure(
    "LOGIN_SHELL_RUNS_NOTHING",
    `the login shell on ${host} did not run what it was given, or read its input; it printed ${beginningOf(said)}`,
  );

/** The keys that the sshd at an address offers now, which nobody has vouched for; none when it does not answer. */
export async function scanHostKeys(address: string, port: number, options: ProgramOptions): Promise<PublicKey[]> {
  const args = ["-T", "5", "-p", String(port), "--", address];
  const { stdout } = await runProgram("ssh-keyscan", args, options);
  return parseKeys(stdout);
}
