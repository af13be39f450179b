import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { until } from "../until.ts";
import { unusedPort } from "./port.ts";
import { processes } from "./processes.ts";

/** A user without rights, whose home is in a temporary folder. */
interface Account {
  name: string;
  uid: number;
  gid: number;
}

export interface SshdOptions {
  /** A script that gets each command in SSH_ORIGINAL_COMMAND. */
  forced?: string;
  /** The login shell of the user. */
  shell?: string;
  /** Further lines of its configuration. */
  lines?: readonly string[];
}

/** A real sshd on loopback with a host key of its own, and a user of this machine to log in as. Both are gone when it is disposed of. */
export class Sshd implements AsyncDisposable {
  readonly folder: string;
  readonly account: Account;
  readonly port: number;
  readonly #lines: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(folder: string, account: Account, port: number, lines: readonly string[]) {
    this.folder = folder;
    this.account = account;
    this.port = port;
    this.#lines = lines;
  }

  /** Needs root, which alone can make users and log in as them. */
  static async start({ forced, shell = "/bin/sh", lines = [] }: SshdOptions = {}): Promise<Sshd> {
    const folder = await mkdtemp(join(tmpdir(), "queen-sshd-"));
    await chmod(folder, 0o711);
    const sshd = new Sshd(folder, addAccount(join(folder, "home"), shell), await unusedPort(), lines);
    try {
      await mkdir(sshd.home);
      await chown(sshd.home, sshd.account.uid, sshd.account.gid);
      for (const key of ["host_key", "other_host_key", "identity"]) makeKey(join(folder, key));
      await writeFile(join(folder, "authorized_keys"), await readFile(join(folder, "identity.pub")));
      if (forced !== undefined) await writeFile(join(folder, "forced.sh"), forced);
      await sshd.run("host_key");
    } catch (error) {
      await sshd[Symbol.asyncDispose]();
      throw error;
    }
    return sshd;
  }

  get home(): string {
    return join(this.folder, "home");
  }

  /** The private key that lets in. */
  get identity(): string {
    return join(this.folder, "identity");
  }

  /** Listens with one of its two host keys, `host_key` or `other_host_key`; whoever was logged in before is cut off. */
  async run(hostKey: "host_key" | "other_host_key"): Promise<void> {
    await this.stop();
    const config = join(this.folder, "sshd_config");
    const forced = join(this.folder, "forced.sh");
    const lines = [
      `Port ${this.port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${join(this.folder, hostKey)}`,
      `AuthorizedKeysFile ${join(this.folder, "authorized_keys")}`,
      "PidFile none",
      "UsePAM no",
      "StrictModes no",
      "PasswordAuthentication no",
      "MaxStartups 100",
      `SetEnv PATH=${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      ...(await readFile(forced).then(
        () => [`ForceCommand sh ${forced}`],
        () => [],
      )),
      ...this.#lines,
      // Unless they say otherwise: what withstands quantum computers, too, takes seven times as long as all else of a connection.
      "KexAlgorithms curve25519-sha256",
    ];
    await writeFile(config, `${lines.join("\n")}\n`);
    await mkdir("/run/sshd", { recursive: true });
    const child = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", config], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
    this.#process = child;
    await until("sshd listens", () => {
      if (child.exitCode !== null) throw new Error(`sshd ended: ${said}`);
      return said.includes("Server listening");
    });
  }

  /** The fingerprint of one of its host keys, as ssh-keygen says it. */
  fingerprint(hostKey: "host_key" | "other_host_key"): string {
    const line = execFileSync("ssh-keygen", ["-lf", join(this.folder, `${hostKey}.pub`)], { encoding: "utf8" });
    return line.split(" ")[1] ?? "";
  }

  /** Type and base64 of one of its host keys. */
  async publicKey(hostKey: "host_key" | "other_host_key"): Promise<string> {
    const text = await readFile(join(this.folder, `${hostKey}.pub`), "utf8");
    return text.split(" ").slice(0, 2).join(" ");
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    // Who is logged in still holds its standard error.
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Ends what runs as its user, removes the user and the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await until("nothing runs as the user of the test", () => killAll(this.account.uid));
    execFileSync("userdel", [this.account.name], { stdio: "ignore" });
    await rm(this.folder, { recursive: true, force: true });
  }
}

function addAccount(home: string, shell: string): Account {
  const name = `hive${randomBytes(6).toString("hex")}`;
  // A password that fits nothing, rather than none: sshd lets nobody into an account that is locked.
  execFileSync("useradd", ["--no-create-home", "--home-dir", home, "--shell", shell, "--password", "*", name]);
  const numberOf = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  return { name, uid: numberOf("-u"), gid: numberOf("-g") };
}

const makeKey = (path: string): void =>
  void execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path]);

/** True once nothing of that user runs any more. */
function killAll(uid: number): boolean {
  const pids = processes().flatMap((one) => (one.uid === uid ? [one.pid] : []));
  for (const pid of pids) process.kill(pid, "SIGKILL");
  return pids.length === 0;
}
