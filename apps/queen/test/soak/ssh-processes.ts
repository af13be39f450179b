import { readFileSync } from "node:fs";

const LOOK_MS = 20;
const OF_SSH = /^\d+ \((?:ssh|ssh-keyscan)\) [^ZX]/;

/** How many ssh and ssh-keyscan a process has under way, by the system's own list of what it has started. */
export class SshProcesses implements Disposable {
  readonly #timer: NodeJS.Timeout;
  mostAtOnce = 0;

  constructor(pid: number) {
    this.#timer = setInterval(() => {
      this.mostAtOnce = Math.max(this.mostAtOnce, sshOf(pid));
    }, LOOK_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

const sshOf = (pid: number): number =>
  read(`/proc/${pid}/task/${pid}/children`)
    .split(" ")
    .filter((child) => OF_SSH.test(read(`/proc/${child}/stat`))).length;

/** "" of one that is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
