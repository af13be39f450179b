import * as http from "node:http";
import * as https from "node:https";
import { rootCertificates } from "node:tls";

export interface QueenAddress {
  /** Base URL of the queen. */
  queen: string;
  /** This hive's own; undefined where the queen asks for none. */
  token?: string | undefined;
  /** In PEM: who signed the queen's certificate, if it is none that Node knows. */
  ca?: string | undefined;
}

export interface QueenAnswer {
  status: number;
  text: string;
  /** As the header says it, in seconds alone; undefined where it does not. */
  retryAfterMs: number | undefined;
}

const MAX_ANSWER_BYTES = 65_536;

/** Sends JSON to the queen over connections that are kept. */
export class QueenClient {
  readonly #queen: URL;
  readonly #headers: http.OutgoingHttpHeaders;
  readonly #agent: http.Agent;

  constructor({ queen, token, ca }: QueenAddress) {
    this.#queen = new URL(queen);
    this.#headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    this.#agent =
      this.#queen.protocol === "https:"
        ? new https.Agent({ keepAlive: true, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) })
        : new http.Agent({ keepAlive: true });
  }

  /** Follows no redirect, so that the token goes nowhere else. An aborted request rejects with the signal's reason, or with that as its cause. */
  async post(path: string, json: unknown, signal: AbortSignal): Promise<QueenAnswer> {
    const body = JSON.stringify(json);
    const { request } = this.#queen.protocol === "https:" ? https : http;
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const url = `${this.#queen.href.replace(/\/+$/, "")}${path}`;
      const headers = { ...this.#headers, "content-length": Buffer.byteLength(body) };
      request(url, { method: "POST", agent: this.#agent, headers, signal })
        .on("response", resolve)
        .on("error", reject)
        .end(body);
    });
    const text = await readAnswer(response);
    // Without a length an answer ends where its connection does, whoever ended that.
    signal.throwIfAborted();
    const retryAfter = response.headers["retry-after"] ?? "";
    return {
      status: response.statusCode ?? 0,
      text,
      retryAfterMs: /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : undefined,
    };
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.#agent.destroy();
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
