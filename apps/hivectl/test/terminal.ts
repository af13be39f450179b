import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { constants, openSync } from "node:fs";
import type { Readable } from "node:stream";
import { ReadStream, WriteStream } from "node:tty";

/** One that is left open must not outlive the test run. */
const KILL_AFTER_MS = 60_000;

/** A real terminal, in which this command of a shell runs: what is typed goes to its stdin, and what is shown comes from its stdout. */
export const startTerminal = (command: string, env: NodeJS.ProcessEnv): ChildProcessWithoutNullStreams =>
  spawn("script", ["-qec", command, "/dev/null"], { env, timeout: KILL_AFTER_MS, killSignal: "SIGKILL" });

/** A real terminal for this process, which is the only one to write there. It is gone when it is closed. */
export async function openTerminal(columns: number, rows: number) {
  const command = `stty cols ${columns} rows ${rows}; echo $$ $(tty); exec sleep 60`;
  const child = startTerminal(command, { PATH: "/usr/bin:/bin" });
  const [pid = "", path = ""] = (await firstLineOf(child.stdout.setEncoding("utf8"))).split(" ");
  // It becomes nobody's controlling terminal.
  const open = () => openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  const streams = { stdin: new ReadStream(open()), stdout: new WriteStream(open()), stderr: new WriteStream(open()) };
  const close = () => {
    for (const stream of Object.values(streams)) stream.destroy();
    process.kill(Number(pid));
  };
  return { child, streams, close };
}

async function firstLineOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const piece of stream.iterator({ destroyOnReturn: false })) {
    text += piece;
    if (text.includes("\n")) break;
  }
  return text.trim();
}
