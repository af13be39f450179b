import * as http from "node:http";
import * as https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { addressIn, EITHER_LOOPBACK, isOfThisHost } from "./listeners.ts";

/** The metrics of a vLLM are some 40 KB for each of its engines. */
const MAX_ANSWER_BYTES = 4 * 2 ** 20;
/** With 1xx, before the answer. */
const MAX_INTERIM_ANSWERS = 16;

export interface Answer {
  readonly status: number;
  /** The header `Server`. */
  readonly server: string;
  readonly text: string;
  /** Undefined where the text is no JSON. */
  readonly json: unknown;
}

/** Sends one GET; rejects with `NoAnswer`. */
export type Ask = (path: string) => Promise<Answer>;

/** The server did not answer, or not within the limits. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

export interface AskOptions {
  readonly base: URL;
  /** All that may be asked for, in which `*` stands for one value. */
  readonly paths: readonly string[];
  /** Whether an operator named this address: any other must be of this host. */
  readonly isConfigured: boolean;
  readonly key: string | undefined;
  readonly timeoutMs: number;
  /** Ends every question. */
  readonly signal: AbortSignal;
}

/** Asks one server for nothing but what is listed, follows no redirect, keeps no connection, and reads an answer of bounded size in bounded time. */
export function createAsk(options: AskOptions): Ask {
  const { base, isConfigured } = options;
  const isHere = addressIn(base) === EITHER_LOOPBACK || isOfThisHost(addressIn(base));
  if (!isConfigured && !isHere) throw new Error(`${base.host} is no address of this host`);
  const allowed = options.paths.map(patternOf);
  return async (path) => {
    if (!allowed.some((pattern) => pattern.test(path))) throw new Error(`${path} is not among what may be asked for`);
    return get(new URL(`${base.pathname.replace(/\/+$/, "")}${path}`, base), options);
  };
}

/** One after the other, until one answers. At IPv4 another server may have that port. */
const bothLoopbacks: LookupFunction = (_name, _options, callback) => {
  const addresses = ["::1", "127.0.0.1"].map((address) => ({ address, family: isIP(address) }));
  callback(null, addresses);
};

function patternOf(path: string): RegExp {
  const literal = path.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join("[^/?#&]+")}$`);
}

async function get(url: URL, { key, timeoutMs, signal }: AskOptions): Promise<Answer> {
  const question = new AbortController();
  const giveUp = () => question.abort();
  const timer = setTimeout(giveUp, timeoutMs);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    signal.throwIfAborted();
    const headers = { accept: "*/*", ...(key !== undefined && { authorization: `Bearer ${key}` }) };
    const isEither = addressIn(url) === EITHER_LOOPBACK;
    const response = await send(url, {
      headers,
      agent: false,
      signal: question.signal,
      ...(isEither && { lookup: bothLoopbacks, autoSelectFamily: true }),
    });
    const text = await read(response);
    // Without a length an answer ends where its connection does, whoever ended that.
    question.signal.throwIfAborted();
    return { status: response.statusCode ?? 0, server: String(response.headers.server ?? ""), text, json: parse(text) };
  } catch (error) {
    if (error instanceof NoAnswer) throw error;
    throw new NoAnswer(question.signal.aborted ? "it is too slow" : whyNoAnswer(error), { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

/** Why an HTTP request got no whole answer, in words. */
export function whyNoAnswer(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error.cause instanceof Error ? error.cause : error;
  // So Node says that a connection ended in the middle of an answer.
  return message === "aborted" ? "its answer breaks off" : message || String(Reflect.get(error, "code"));
}

function send(url: URL, options: http.RequestOptions): Promise<http.IncomingMessage> {
  const { request } = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const sent = request(url, options, resolve);
    sent.on("error", reject);
    let interim = 0;
    sent.on("information", () => {
      interim += 1;
      if (interim === MAX_INTERIM_ANSWERS + 1) sent.destroy(new NoAnswer("it answers with 1xx again and again"));
    });
    // A server that changes the protocol would be waited for until the deadline.
    sent.on("upgrade", (_response, socket) => {
      socket.destroy();
      reject(new NoAnswer("it changes the protocol"));
    });
    sent.end();
  });
}

async function read(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new NoAnswer("it answers with more than 4 MiB"); // leaving the loop destroys the response
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** In JSON half of a character can be written by its number, and no program that counts on whole ones reads what holds it. */
const MAY_HAVE_HALVES = /\\u[dD][89a-fA-F]/;
const wellFormed = (_key: string, value: unknown) => (typeof value === "string" ? value.toWellFormed() : value);

function parse(text: string): unknown {
  try {
    return JSON.parse(text, MAY_HAVE_HALVES.test(text) ? wellFormed : undefined);
  } catch {
    return undefined;
  }
}
