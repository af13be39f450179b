import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished } from "vitest";
import type { Adapter, ServerProcess, ServerReading } from "../src/workers/adapter.ts";
import { type Ask, createAsk } from "../src/workers/ask.ts";

/** What a server answered to one request. */
export interface Recorded {
  /** Such as `GET /props`. */
  readonly request: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, unless it is a text. */
  readonly body: unknown;
}

/** What a real server answered: `servers/README.md` says which. */
export function recorded(name: string): Recorded {
  return JSON.parse(readFileSync(new URL(`./servers/${name}.json`, import.meta.url), "utf8"));
}

/** An answer that no real server gave: it stands in the sources of the server. */
export function written(request: string, body: unknown, status = 200): Recorded {
  return { request, status, headers: {}, body };
}

/** As a real server refuses whoever has no key. */
export const withoutKey = (request: string): Recorded => ({ ...recorded("llamacpp-props-no-key"), request });

export interface StubServer {
  readonly url: URL;
  readonly port: number;
  /** In order, such as `GET /props`. */
  readonly requests: string[];
  readonly authorizations: (string | undefined)[];
  /** Puts other answers in the place of those that it had. */
  answerWith(...answers: (Recorded | string)[]): void;
  close(): Promise<void>;
}

/** An HTTP server that gives these answers, and fails the test when it is asked for anything else. Closed with the test. */
export async function startStub(...first: (Recorded | string)[]): Promise<StubServer> {
  let answers: Recorded[] = [];
  const answerWith = (...all: (Recorded | string)[]) => {
    answers = all.map((one) => (typeof one === "string" ? recorded(one) : one));
  };
  answerWith(...first);
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const unexpected: string[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    const request = `${method} ${url}`;
    requests.push(request);
    authorizations.push(headers.authorization);
    const answer = answers.find((one) => one.request === request);
    if (answer === undefined) {
      unexpected.push(request);
      return response.writeHead(404).end();
    }
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
    return response.writeHead(answer.status, answer.headers).end(text);
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(async () => {
    await close();
    expect(unexpected, "requests that nobody may send").toEqual([]);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}`), port, requests, authorizations, answerWith, close };
}

const NEVER = new AbortController().signal;

export function askOf(base: URL, paths: readonly string[], key?: string): Ask {
  return createAsk({ base, paths, isConfigured: false, key, timeoutMs: 5000, signal: NEVER });
}

/** A process with this command line, of which no test asks more. */
export function processOf(commandLine: string, environment?: Record<string, string>): ServerProcess {
  return { pid: 4711, startTime: "1", argv: commandLine.split(" "), environment };
}

interface Around {
  readonly process?: ServerProcess | undefined;
  readonly runners?: readonly { readonly process: ServerProcess; readonly stub: StubServer }[];
}

/** Reads what a stub answers by an adapter, time and again, with the runners that there are by then. */
export function readerOf(adapter: Adapter, stub: StubServer, around: Around = {}): () => Promise<ServerReading> {
  const read = adapter.open();
  const ask = askOf(stub.url, adapter.paths);
  const runnersNow = () =>
    (around.runners ?? []).map(({ process, stub: runner }) => ({ process, ask: askOf(runner.url, adapter.paths) }));
  return () => read({ ask, process: around.process, runners: runnersNow() });
}
