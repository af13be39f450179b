import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
import { aHeartbeat } from "../../bench/heartbeats.ts";

const BEAT_TIMEOUT_MS = 10_000;
const WORKERS = 4;
const DEVICES = { cpu: { cores: 16, ram_gb: 64 }, gpus: [{ index: 0, name: "NVIDIA RTX 4090", vram_gb: 24 }] };

/** What became of one beat. */
export interface Beat {
  tookMs: number;
  /** 200, or why it was not: another status, or what failed. */
  outcome: number | string;
}

export interface Beating {
  queenPort: number;
  token: string;
  intervalMs: number;
  /** How long after this the first beat is sent. */
  firstInMs: number;
}

interface Options {
  id: string;
  /** Its own: of where it listens, and of where its beats come from. */
  address: string;
  onBeat: (beat: Beat) => void;
}

/** A hive that does what it should: answers the queen, and beats when she asks for it. */
export class HonestHive {
  readonly #options: Options;
  readonly #server = createServer((incoming, response) => this.#answer(incoming.url, response));
  #agent: Agent | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beating: Beating | undefined;
  #port = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Listens, on the same port each time, and resolves to it. */
  async listen(): Promise<number> {
    this.#server.listen(this.#port, this.#options.address);
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    return this.#port;
  }

  begin(beating: Beating): void {
    this.#beating = beating;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#timer = setTimeout(() => void this.#beat(), beating.firstInMs);
  }

  /** As a host that loses its power: nothing of it answers any more, nor beats. */
  die(): void {
    clearTimeout(this.#timer);
    this.#agent?.destroy();
    this.#agent = undefined;
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async revive(): Promise<void> {
    await this.listen();
    if (this.#beating) this.begin({ ...this.#beating, firstInMs: 0 });
  }

  #answer(url: string | undefined, response: ServerResponse): void {
    const answers: Record<string, unknown> = { "/health": { id: this.#options.id }, "/v1/devices": DEVICES };
    const answer = answers[url ?? ""];
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? {}));
  }

  async #beat(): Promise<void> {
    const { agent, beating } = { agent: this.#agent, beating: this.#beating };
    if (agent === undefined || beating === undefined) return;
    const startedMs = performance.now();
    let nextInMs = beating.intervalMs;
    let outcome: Beat["outcome"];
    try {
      const answer = await this.#post(agent, beating);
      outcome = answer.status;
      if (outcome === 200) nextInMs = (JSON.parse(answer.text) as { next_beat_ms: number }).next_beat_ms;
    } catch (error) {
      outcome = String(error);
    }
    // What was under way when it died is nothing to judge the queen by.
    if (this.#agent !== agent) return;
    this.#options.onBeat({ tookMs: performance.now() - startedMs, outcome });
    this.#timer = setTimeout(() => void this.#beat(), nextInMs);
  }

  #post(agent: Agent, { queenPort, token }: Beating): Promise<{ status: number; text: string }> {
    const { id, address } = this.#options;
    const how = {
      agent,
      host: "127.0.0.1",
      port: queenPort,
      localAddress: address,
      method: "POST",
      path: "/v1/heartbeat",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(BEAT_TIMEOUT_MS),
    };
    return new Promise((resolve, reject) => {
      const answered = (response: IncomingMessage) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.once("end", () => resolve({ status: response.statusCode ?? 0, text })).once("error", reject);
      };
      request(how).on("response", answered).on("error", reject).end(aHeartbeat(id, WORKERS));
    });
  }
}
