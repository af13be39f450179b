import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { until } from "../../queen/test/until.ts";
import { FILE } from "./hivectl.ts";

const CALL = `${process.execPath} ${FILE}`;
/** How each begins without anybody's configuration, and asks for the next line with `> `; and how hivectl is a function there that completes. */
const SHELLS = {
  bash: {
    command: "bash --norc --noprofile -i",
    begin: "PS1='> '; bind 'set bell-style none'; bind 'set show-all-if-ambiguous on'",
    define: `hivectl() { ${CALL} "$@"; }; eval "$(hivectl completion bash)"`,
  },
  zsh: {
    command: "zsh -f -i",
    begin: "PS1='> '; autoload -Uz compinit; compinit -u -D; unsetopt beep",
    define: `hivectl() { ${CALL} "$@"; }; eval "$(hivectl completion zsh)"`,
  },
  fish: {
    command: "fish --no-config -i",
    begin: "function fish_prompt; echo -n '> '; end; set -g fish_autosuggestion_enabled 0",
    define: `function hivectl; ${CALL} $argv; end; hivectl completion fish | source`,
  },
} as const;

const KILL_AFTER_MS = 60_000;
const AGAIN_AFTER_MS = 5000;

/** A real shell in a terminal, in which somebody types, and hivectl is a function as the help says. */
export class Shell implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  #shown = "";

  private constructor(command: string, env: NodeJS.ProcessEnv) {
    this.child = spawn("script", ["-qec", `stty cols 200 rows 50; exec ${command}`, "/dev/null"], {
      env: {
        PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
        TERM: "xterm",
        // Where fish would keep what was typed.
        HOME: "/dev/null",
        XDG_CONFIG_HOME: "/nonexistent",
        ...env,
      },
      timeout: KILL_AFTER_MS,
      killSignal: "SIGKILL",
    });
    this.child.stdout.setEncoding("utf8").on("data", (text) => {
      this.#shown += text;
    });
  }

  static async start(name: keyof typeof SHELLS, env: NodeJS.ProcessEnv): Promise<Shell> {
    const { command, begin, define } = SHELLS[name];
    const shell = new Shell(command, env);
    shell.child.stdin.write(`${begin}\n${define}; echo rea''dy\n`);
    await until("the shell can complete", () => shell.shown.includes("ready"));
    return shell;
  }

  /** Without colours and the like, and with what is written over what stood there. */
  get shown(): string {
    let text = stripVTControlCharacters(this.#shown).replaceAll("\r", "");
    while (/[^\b][\b]/.test(text)) text = text.replace(/[^\b][\b]/, "");
    return text;
  }

  /**
   * Types these keys on a line of its own, until the terminal shows that; and gives the line up. Types them again, as people do, where a queen on a busy machine
   * has not answered in the 200 ms after which nothing is offered.
   */
  async type(keys: string, shows: RegExp): Promise<void> {
    let typedAtMs = Number.NEGATIVE_INFINITY;
    const isShown = () => {
      if (shows.test(this.shown)) return true;
      if (performance.now() - typedAtMs < AGAIN_AFTER_MS) return false;
      this.#giveUpLine();
      this.#shown = "";
      this.child.stdin.write(keys);
      typedAtMs = performance.now();
      return false;
    };
    await until(`${shows} is shown`, isShown).catch((error) => {
      throw new Error(`${JSON.stringify(keys)} shows ${JSON.stringify(this.shown)}`, { cause: error });
    });
    this.#giveUpLine();
  }

  /** By a key, and no signal, which a shell that still completes would lose. */
  #giveUpLine(): void {
    this.child.stdin.write("\x15");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.child, "close");
    this.child.kill("SIGKILL");
    await ended;
  }
}
