import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { HIVE, QUEEN } from "./programs.ts";
import { until } from "./until.ts";

const PROGRAMS = { queen: QUEEN, hive: HIVE };
/** A process that hangs must not outlive the test run. */
const KILL_AFTER_MS = 180_000;

/** One line of the log. */
type LogLine = Record<string, unknown> & { msg: string };

/** `through` is the program, with its arguments, that runs it, such as unshare; `uid` another user of the machine, which only root can be. */
export interface HowToRun {
  through?: readonly string[];
  uid?: number;
}

/** That of this process, and of settings those of the test alone. */
export const environment = (settings: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(QUEEN|HIVE)_/.test(key))),
  ...settings,
});

/** A real queen or hive, with no other settings than those of the test. Killed when it is disposed of. */
export class Daemon implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  readonly #name: keyof typeof PROGRAMS;
  stdout = "";
  stderr = "";

  constructor(
    name: keyof typeof PROGRAMS,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    file = PROGRAMS[name],
    { through = [], uid }: HowToRun = {},
  ) {
    this.#name = name;
    const [program = process.execPath, ...rest] = [...through, process.execPath, file, ...args];
    this.child = spawn(program, rest, {
      cwd: "/",
      env: environment(env),
      timeout: KILL_AFTER_MS,
      killSignal: "SIGKILL",
      ...(uid !== undefined && { uid, gid: uid }),
    });
    this.child.stdout.setEncoding("utf8").on("data", (text) => {
      this.stdout += text;
    });
    this.child.stderr.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
    });
  }

  /** What it has logged so far, in whole lines. */
  get logLines(): LogLine[] {
    return this.stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits until so many have said that they listen, and returns what they said. */
  listening(count = 1): Promise<LogLine[]> {
    return until(`the ${this.#name} listens`, () => {
      if (this.child.exitCode !== null) throw new Error(`the ${this.#name} ended: ${this.stderr}`);
      const lines = this.logLines.filter(({ msg }) => msg === `${this.#name} listening`);
      return lines.length >= count && lines;
    });
  }

  /** Waits until it listens, and returns its origin. */
  async origin(): Promise<string> {
    const [line] = await this.listening();
    return `http://${line?.host}:${line?.port}`;
  }

  async port(): Promise<number> {
    return Number(new URL(await this.origin()).port);
  }

  /** Sends SIGHUP, and waits until a queen has read anew what she does at that. */
  async hangUp(): Promise<void> {
    const countOf = () => this.logLines.filter(({ msg }) => msg === "tokens read anew").length;
    const before = countOf();
    this.child.kill("SIGHUP");
    await until("she has read her tokens anew", () => countOf() > before);
  }

  /** Sends the signal, and waits for the end. */
  kill(signal: NodeJS.Signals) {
    this.child.kill(signal);
    return this.end();
  }

  async end(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "close");
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGKILL");
  }
}

/** A queen on any free port that contacts loopback alone. */
export const spawnQueen = (args: readonly string[], env: NodeJS.ProcessEnv = {}, how: HowToRun = {}): Daemon =>
  new Daemon("queen", args, { QUEEN_PORT: "0", QUEEN_ALLOWED_HOSTS: "127.0.0.0/8,::1", ...env }, PROGRAMS.queen, how);
