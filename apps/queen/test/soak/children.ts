import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Of those that stand for other machines, and must not take the time of the queens. */
export const LOW_PRIORITY = 10;

const END_TIMEOUT_MS = 10_000;

interface HowToStart {
  /** In a session of its own: Linux gives each its share of the processors, whatever the priorities in others. */
  isApart?: boolean;
  env?: NodeJS.ProcessEnv;
  args?: readonly string[];
  /** A file for what it prints; it goes to this process's own output without one. */
  outputFd?: number;
  onMessage?: (message: Serializable) => void;
}

/** The processes of one soak. By the channel between them they notice when the soak is killed, and end too. */
export class Children implements AsyncDisposable {
  readonly #running = new Map<ChildProcess, Promise<unknown>>();
  readonly #onLost: (what: string) => void;
  #areEnding = false;

  /** `onLost` is told of each that ends by itself. */
  constructor(onLost: (what: string) => void) {
    this.#onLost = onLost;
  }

  start(
    name: string,
    program: URL,
    { isApart = false, env, args = [], outputFd, onMessage }: HowToStart = {},
  ): ChildProcess {
    const output = outputFd ?? "inherit";
    const child = fork(fileURLToPath(program), args, {
      detached: isApart,
      stdio: ["ignore", output, output, "ipc"],
      ...(env && { env }),
    });
    if (onMessage) child.on("message", onMessage);
    child.on("error", (error) => this.#onLost(`${name}: ${error.message}`));
    child.once("exit", (code, signal) => {
      this.#running.delete(child);
      if (!this.#areEnding) this.#onLost(`${name} ended by itself: ${signal ?? `exit code ${code}`}`);
    });
    this.#running.set(child, once(child, "exit"));
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#areEnding = true;
    const ending = [...this.#running];
    for (const [child] of ending) child.kill("SIGTERM");
    const kill = () => {
      for (const [child] of ending) child.kill("SIGKILL");
    };
    const limit = setTimeout(kill, END_TIMEOUT_MS);
    await Promise.all(ending.map(([, end]) => end));
    clearTimeout(limit);
  }
}

/** For a child of a soak: ends it with the soak, and not before at a Ctrl-C that reaches both. Answers how to tell the soak something. */
export function tellSoak<Message extends Serializable>(): (message: Message) => void {
  process.on("SIGINT", () => undefined);
  process.once("disconnect", () => process.exit());
  return (message) => void process.send?.(message, () => undefined);
}
