import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { bundlesOf } from "../../../scripts/build/cache.js";

const PACKAGE_FOLDER = fileURLToPath(new URL("..", import.meta.url));
const SOURCES = join(PACKAGE_FOLDER, "test", "workers");
/** Their bundles, by name: looked for once, and not at each start. */
const WORKERS: string = await bundlesOf(readdirSync(SOURCES).map((name) => join(SOURCES, name)));
/** No test process outlives this, whatever happens to its test. */
const MAX_LIFE_MS = 60_000;

/** A second process, which talks in lines. */
export type LineProcess = AsyncDisposable & {
  /** Sends a line and resolves to the next line of the answer. */
  ask(line: string): Promise<string>;
  /** The next line; rejects with what stood on stderr when the process ends before. */
  nextLine(): Promise<string>;
  /** Ends it with SIGKILL and resolves to the lines that it had still written. Rejects when it had ended by itself. */
  kill(): Promise<string[]>;
  /** Sends a line, without waiting for an answer. */
  send(line: string): void;
};

/** Starts `test/workers/<name>.ts` in a process of its own. It ends when it is disposed of. */
export function startWorker(name: string, ...args: string[]): LineProcess {
  return startWorkerAs(undefined, name, ...args);
}

/** The same as another user of the machine; only root can. */
export function startWorkerAs(uid: number | undefined, name: string, ...args: string[]): LineProcess {
  const child = spawn(process.execPath, ["--enable-source-maps", join(WORKERS, `${name}.js`), ...args], {
    cwd: PACKAGE_FOLDER,
    timeout: MAX_LIFE_MS,
    killSignal: "SIGKILL",
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const closed = once(child, "close");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const nextLine = async () => {
    const line = await lines.next();
    if (!line.done) return line.value;
    const [code, signal] = await closed;
    throw new Error(`${name} ended (${code ?? signal}) without an answer: ${complaints}`);
  };
  return {
    nextLine,
    ask: (line) => {
      child.stdin.write(`${line}\n`);
      return nextLine();
    },
    send: (line) => void child.stdin.write(`${line}\n`),
    kill: async () => {
      child.kill("SIGKILL");
      const rest: string[] = [];
      for (let line = await lines.next(); !line.done; line = await lines.next()) rest.push(line.value);
      const [code, signal] = await closed;
      if (signal !== "SIGKILL") throw new Error(`${name} ended by itself (${code ?? signal}): ${complaints}`);
      return rest;
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Several workers, which all end when this is disposed of. */
export function startWorkers(
  count: number,
  start: (index: number) => LineProcess,
): { all: LineProcess[] } & AsyncDisposable {
  const all = Array.from({ length: count }, (_, index) => start(index));
  return {
    all,
    [Symbol.asyncDispose]: async () => {
      for (const worker of all) await worker[Symbol.asyncDispose]();
    },
  };
}

/** Another process with a connection to an SQLite file. */
type SqliteProcess = AsyncDisposable & { run(sql: string): Promise<unknown[][]> };

export async function startSqliteProcess(path: string): Promise<SqliteProcess> {
  const worker = startWorker("sqlite-session", path);
  await worker.nextLine();
  return {
    run: async (sql) => {
      const answer = JSON.parse(await worker.ask(sql)) as { rows?: unknown[][]; error?: string };
      if (answer.rows === undefined) throw new Error(answer.error);
      return answer.rows;
    },
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
}
