import { type LineProcess, startWorker } from "../processes.ts";
import type { Call, Outcome } from "./calls.ts";

/** A catalog in another process, which can be killed. A spare process is always ready, because starting one takes long. */
export class OtherProcess implements AsyncDisposable {
  #worker = start();
  #spare = start();

  async open(path: string): Promise<void> {
    await (await this.#worker).ask(JSON.stringify({ open: path }));
  }

  async close(): Promise<void> {
    await (await this.#worker).ask(JSON.stringify({ close: true }));
  }

  async call(call: Call, nowMs: number): Promise<Outcome> {
    return JSON.parse(await (await this.#worker).ask(JSON.stringify({ nowMs, call }))) as Outcome;
  }

  /** Sends all calls at once and kills the process when the first few are answered. Resolves to all answers that it still gave. */
  async kill(calls: Call[], nowMs: number, answers: number): Promise<Outcome[]> {
    const worker = await this.#worker;
    const lines: string[] = [];
    for (const call of calls) worker.send(JSON.stringify({ nowMs, call }));
    while (lines.length < Math.min(answers, calls.length)) lines.push(await worker.nextLine());
    lines.push(...(await worker.kill()));
    this.#worker = this.#spare;
    this.#spare = start();
    return lines.map((line) => JSON.parse(line) as Outcome);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of [await this.#worker, await this.#spare]) await worker[Symbol.asyncDispose]();
  }
}

async function start(): Promise<LineProcess> {
  const worker = startWorker("catalog-calls");
  await worker.nextLine();
  return worker;
}
