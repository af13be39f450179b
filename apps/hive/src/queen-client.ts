import * as http from "node:http";
import * as https from "node:https";
import { rootCertificates } from "node:tls";
import type { QueenAccess } from "./queen-access.ts";

export interface QueenAddress {
  /** Base URL of the queen. */
  queen: string;
  /** Asked at the start, and after each request that was not taken: it may have been renewed. Default: neither a token nor a certificate. */
  access?: (() => QueenAccess) | undefined;
}

const NO_ACCESS: QueenAccess = { token: undefined, queenCa: undefined };

export interface QueenAnswer {
  status: number;
  text: string;
  /** As the header says it, in seconds alone; undefined where it does not. */
  retryAfterMs: number | undefined;
  /** Where it would send whoever follows. */
  location?: string | undefined;
}

const MAX_ANSWER_BYTES = 65_536;

/** Sends JSON to the queen over connections that are kept. */
export class QueenClient {
  readonly #queen: URL;
  readonly #readAccess: () => QueenAccess;
  #access: QueenAccess;
  /** With the certificate that its connections were made with. */
  #kept: { agent: http.Agent; queenCa: string | undefined } | undefined;

  constructor({ queen, access = () => NO_ACCESS }: QueenAddress) {
    this.#queen = new URL(queen);
    this.#readAccess = access;
    this.#access = access();
  }

  /** Follows no redirect, so that the token goes nowhere else. An aborted request rejects with the signal's reason, or with that as its cause. */
  async post(path: string, json: unknown, signal: AbortSignal): Promise<QueenAnswer> {
    const response = await this.#send(path, JSON.stringify(json), signal);
    const text = await readAnswer(response);
    // Without a length an answer ends where its connection does, whoever ended that.
    signal.throwIfAborted();
    const retryAfter = response.headers["retry-after"] ?? "";
    return {
      status: response.statusCode ?? 0,
      text,
      retryAfterMs: /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : undefined,
      location: response.headers.location,
    };
  }

  #send(path: string, body: string, signal: AbortSignal): Promise<http.IncomingMessage> {
    const { token, queenCa } = this.#access;
    const { request } = this.#isSecure ? https : http;
    const url = `${this.#queen.href.replace(/\/+$/, "")}${path}`;
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const sent = request(url, { method: "POST", agent: this.#agentFor(queenCa), headers, signal });
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      sent.on("response", resolve).on("error", reject).end(body);
    });
    return answered.catch((error: NodeJS.ErrnoException) => {
      // What stands before the queen gave the connection up just then. On one of its own it ends so no more, and a beat does no harm twice.
      if (sent.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE"))
        return this.#send(path, body, signal);
      throw error;
    });
  }

  renewAccess(): void {
    this.#access = this.#readAccess();
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.#kept?.agent.destroy();
  }

  get #isSecure(): boolean {
    return this.#queen.protocol === "https:";
  }

  #agentFor(queenCa: string | undefined): http.Agent {
    if (this.#kept !== undefined && this.#kept.queenCa === queenCa) return this.#kept.agent;
    this.close();
    const ca = queenCa !== undefined && { ca: [...rootCertificates, queenCa] };
    const agent = this.#isSecure ? new https.Agent({ keepAlive: true, ...ca }) : new http.Agent({ keepAlive: true });
    this.#kept = { agent, queenCa };
    return agent;
  }
}

/** Reads the answer to its end, so that the connection can be used again; a long one is cut off. */
async function readAnswer(response: http.IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += chunk;
    if (text.length > MAX_ANSWER_BYTES) break; // leaving the loop destroys the response
  }
  return text;
}
