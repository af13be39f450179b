import { createInterface } from "node:readline/promises";
import { addAbortSignal } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { printable } from "@repo/process-log/printable";
import { Interrupted, UsageProblem } from "../failure.ts";
import type { Terminal } from "./terminal.ts";

const MAX_SECRET_LENGTH = 4096;

/** Asks yes or no on a terminal; where there is none, the flag must have answered. Nothing but yes is one. */
export async function confirm(terminal: Terminal, question: string, signal: AbortSignal): Promise<boolean> {
  if (!terminal.canAsk) throw new UsageProblem(`${question} is a question, and there is no terminal: --yes answers it`);
  return /^y(?:es)?$/i.test(await ask(terminal, `${question} [y/N]`, signal));
}

export async function ask(terminal: Terminal, question: string, signal: AbortSignal): Promise<string> {
  const { stdin: input, stderr: output } = terminal.streams;
  const lines = createInterface({ input, output });
  try {
    // Ctrl-C is read as a key here.
    const interrupted = new Promise<never>((_, reject) => lines.once("SIGINT", () => reject(new Interrupted())));
    const answer = await Promise.race([lines.question(`${printable(question)} `, { signal }), interrupted]);
    return answer.trim();
  } catch (error) {
    // What comes next is not on the line of the question.
    output.write("\n");
    const isEnd = error instanceof Error && error.name === "AbortError" && !signal.aborted;
    if (!isEnd) throw error;
    // Ctrl-D is no answer.
    return "";
  } finally {
    lines.close();
  }
}

/** A secret from the terminal, where it is not seen, or else the first line of stdin. */
export async function readSecret(terminal: Terminal, prompt: string, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = terminal.streams;
  if (!terminal.canAsk) return readFirstLine(stdin, signal);
  // Before anybody is asked: a terminal shows what comes sooner.
  stdin.setRawMode(true);
  stderr.write(prompt);
  try {
    return await readKeys(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}

/** Raw, every key arrives by itself: those that end, erase or interrupt too. */
async function readKeys(stdin: NodeJS.ReadStream): Promise<string> {
  let text = "";
  for await (const piece of stdin.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    for (const key of String(piece)) {
      if (key === "\x03") throw new Interrupted();
      if (key === "\r" || key === "\n" || key === "\x04") return text;
      text = key === "\x7f" || key === "\b" ? text.slice(0, -1) : text + key;
    }
  }
  return text;
}

/** What stands on stdin, as it comes. Throws the reason of the signal once that is given, also where Ctrl-C ended whoever writes there too. */
export async function* piecesOf(stdin: NodeJS.ReadStream, signal: AbortSignal): AsyncGenerator<string> {
  try {
    for await (const piece of addAbortSignal(signal, stdin.setEncoding("utf8"))) yield String(piece);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  // A Ctrl-C that came before the end is heard by then.
  for (let turns = 0; turns < 2; turns += 1) await setImmediate();
  signal.throwIfAborted();
}

async function readFirstLine(stdin: NodeJS.ReadStream, signal: AbortSignal): Promise<string> {
  let text = "";
  for await (const piece of piecesOf(stdin, signal)) {
    text += piece;
    if (text.includes("\n") || text.length > MAX_SECRET_LENGTH) break;
  }
  return text.split("\n", 1)[0]?.trim() ?? "";
}
