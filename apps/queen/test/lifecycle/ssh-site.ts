import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { LifecycleTimeouts } from "../../src/lifecycle/job.ts";
import { HIVE } from "../programs.ts";
import { startTestQueen, type TestQueen } from "../test-queen.ts";
import { type OperationJson, operate } from "./operation.ts";
import { unusedPort } from "./port.ts";
import { Sshd, type SshdOptions } from "./sshd.ts";

interface SshSiteOptions extends SshdOptions {
  /** A file with host keys that the queen trusts. */
  knownHosts?: (sshd: Sshd) => string;
  timeouts?: LifecycleTimeouts;
}

/** A queen that listens on loopback, a real sshd, and a hive that is reached through it. */
export class SshSite implements AsyncDisposable {
  readonly id = "gpu-01";
  readonly queen: TestQueen;
  readonly sshd: Sshd;

  private constructor(queen: TestQueen, sshd: Sshd) {
    this.queen = queen;
    this.sshd = sshd;
  }

  static async start({ knownHosts, timeouts, ...options }: SshSiteOptions = {}): Promise<SshSite> {
    const sshd = await Sshd.start(options);
    const port = await unusedPort();
    const queen = await startTestQueen({
      lifecycle: {
        publicUrl: `http://127.0.0.1:${port}`,
        publicCa: undefined,
        ssh: { identity: sshd.identity, knownHosts: knownHosts?.(sshd) },
        programEnv: { PATH: process.env.PATH ?? "", HOME: sshd.folder, LC_ALL: "C" },
      },
      lifecycleTimeouts: timeouts,
      agentFile: HIVE,
    });
    await queen.app.listen({ host: "127.0.0.1", port });
    const site = new SshSite(queen, sshd);
    const added = await queen.request("POST", "/v1/hives", {
      id: site.id,
      host: "127.0.0.1",
      port: await unusedPort(),
      ssh_host: "127.0.0.1",
      ssh_port: sshd.port,
      ssh_user: sshd.account.name,
    });
    if (added.status !== 201) throw new Error(`the hive was not added: ${JSON.stringify(added.body)}`);
    return site;
  }

  confirmHostKey(hostKey: "host_key" | "other_host_key" = "host_key") {
    const body = { fingerprint: this.sshd.fingerprint(hostKey) };
    return this.queen.request("POST", `/v1/hives/${this.id}/ssh-host-key`, body);
  }

  operate(kind: string): Promise<OperationJson> {
    return operate(this.queen.request, kind, this.id);
  }

  /** A file of the agent on the host. */
  async file(name: string): Promise<{ text: string; mode: number; uid: number }> {
    const path = join(this.sshd.home, ".hive", this.id, name);
    const { mode, uid } = await stat(path);
    return { text: await readFile(path, "utf8"), mode: mode & 0o777, uid };
  }

  /** The process of the agent, as its process file says. */
  async pid(): Promise<number> {
    return Number((await this.file("hive.pid")).text.split(" ")[0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.queen[Symbol.asyncDispose]();
    await this.sshd[Symbol.asyncDispose]();
  }
}
