import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What happens to one request: `before` the server gets it, or `after` the server did it. */
export type Fault = {
  kind: "cut" | "hang" | "late" | "status" | "answer" | "garbage" | "half an answer";
  when: "before" | "after";
  /** For `status` and `answer`. */
  status?: number;
  /** For `answer`, and for `garbage`: what is answered with status 200. */
  text?: string;
  /** What others do at that moment; what makes it `late`. */
  meanwhile?: () => Promise<unknown>;
};

/** The fault of a request, known by its body; undefined for none. */
type Plan = (body: string) => Fault | undefined;

type Answer = { status: number; headers: IncomingMessage["headers"]; body: Buffer };

/** An HTTP proxy on loopback that breaks what it is told to break. */
export class FaultyProxy implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    this.#handle(request, response).catch(() => response.destroy());
  });
  readonly #target: URL;
  plan: Plan = () => undefined;
  /** Faults that happened. */
  faults = 0;

  private constructor(target: URL) {
    this.#target = target;
  }

  /** `target` is the URL of a server that speaks plain HTTP. */
  static async start(target: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(new URL(target));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get isListening(): boolean {
    return this.#server.listening;
  }

  /** The fault once, for the next request whose body matches. */
  failOnce(body: RegExp, fault: Fault): void {
    this.plan = (text) => {
      if (!body.test(text)) return undefined;
      this.plan = () => undefined;
      return fault;
    };
  }

  /** From now on connections are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const fault = this.plan(body.toString());
    if (fault) this.faults++;
    const answer = fault?.when === "before" ? undefined : await this.#forward(request, body);
    await fault?.meanwhile?.();
    if (fault && fault.kind !== "late") give(response, fault, answer);
    else response.writeHead(answer?.status ?? 500, answer?.headers).end(answer?.body);
  }

  async #forward({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    const { hostname, port } = this.#target;
    const forwarded = send({ host: hostname, port, method, path: url, headers });
    forwarded.end(body);
    const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
    return { status: answer.statusCode ?? 500, headers: answer.headers, body: await buffer(answer) };
  }
}

function give(response: ServerResponse, { kind, status = 500, text = "<html>Welcome" }: Fault, answer?: Answer): void {
  switch (kind) {
    case "cut":
      response.destroy();
      return;
    case "hang":
    case "late":
      return;
    case "status":
      response.writeHead(status, { "content-type": "text/html" }).end("<h1>No</h1>");
      return;
    case "answer":
      response.writeHead(status).end(text);
      return;
    case "garbage":
      response.writeHead(200, { "content-type": "application/json" }).end(text);
      return;
    case "half an answer": {
      const body = answer?.body ?? Buffer.from('{"baton":null,"results":[');
      response.writeHead(200, { "content-type": "application/json", "content-length": body.length + 1 });
      response.write(body.subarray(0, body.length / 2), () => response.destroy());
    }
  }
}
