import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { HiveRow } from "./fleet.ts";

const JSON_BODY = { "content-type": "application/json" };

/** Stands between the hives and the queen, and notes each beat that she acknowledged. */
export class BeatJournal implements AsyncDisposable {
  /** Time, for each hive, at which its last acknowledged beat was handed to the queen. */
  readonly acknowledgedMs = new Map<string, number>();
  /** How many beats were acknowledged in all. */
  acknowledged = 0;
  /** With what the queen answered. */
  readonly statuses = new Set<number>();
  /** Where the queen is; while she is away, the hives' connections are cut. */
  queen = "";
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #server = createServer((beat, answer) => void this.#forward(beat, answer));

  static async start(): Promise<BeatJournal> {
    const journal = new BeatJournal();
    journal.#server.listen(0, "127.0.0.1");
    await once(journal.#server, "listening");
    return journal;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Beats for these hives without a pause, as many at once as there are, until the queen is away. */
  async storm(ids: readonly string[]): Promise<void> {
    const beatOn = async (hive_id: string) => {
      const body = JSON.stringify({ hive_id, timestamp: new Date().toISOString(), workers: [] });
      for (;;) await this.#pass("POST", "/v1/heartbeat", JSON_BODY, body);
    };
    await Promise.allSettled(ids.map(beatOn));
  }

  /** The hives whose last acknowledged beat these rows lack. */
  missingIn(rows: readonly HiveRow[]): string[] {
    const stored = new Map(rows.map(({ id, last_heartbeat_ms }) => [id, last_heartbeat_ms ?? 0]));
    return [...this.acknowledgedMs].filter(([id, sentMs]) => (stored.get(id) ?? 0) < sentMs).map(([id]) => id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
  }

  async #forward(beat: IncomingMessage, answer: ServerResponse): Promise<void> {
    try {
      const { method = "", headers, url = "" } = beat;
      const { statusCode, said } = await this.#pass(method, url, headers, await textOf(beat));
      answer.writeHead(statusCode, JSON_BODY).end(said);
    } catch {
      answer.destroy();
    }
  }

  /** Rejects when the queen is away, or goes away before she has answered. */
  async #pass(method: string, url: string, headers: IncomingHttpHeaders, body: string) {
    const sentMs = Date.now();
    const passed = request(this.queen + url, { method, headers, agent: this.#agent });
    passed.end(body);
    const [answer] = (await once(passed, "response")) as [IncomingMessage];
    // A connection that breaks now is an error of the answer, and of the request once more.
    passed.on("error", () => undefined);
    const said = await textOf(answer);
    const { statusCode = 0 } = answer;
    this.statuses.add(statusCode);
    if (statusCode === 200) this.#note(body, sentMs);
    return { statusCode, said };
  }

  #note(body: string, sentMs: number): void {
    this.acknowledged += 1;
    const { hive_id: id } = JSON.parse(body) as { hive_id: string };
    this.acknowledgedMs.set(id, Math.max(sentMs, this.acknowledgedMs.get(id) ?? 0));
  }
}

async function textOf(message: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of message.setEncoding("utf8")) text += chunk;
  return text;
}
