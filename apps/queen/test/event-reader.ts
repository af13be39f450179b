import { type ClientRequest, get, type IncomingMessage } from "node:http";

/** One event of the stream, as it arrived. */
interface SeenEvent {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

/** A reader of `GET /v1/events` that keeps what it has seen when it is cut off, and can come back. */
export class EventReader implements AsyncDisposable {
  readonly events: SeenEvent[] = [];
  /** Ids that came without an event. */
  bookmarks = 0;
  lastEventId: string | undefined;
  status: number | undefined;
  #request: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #closed: Promise<void> = Promise.resolve();

  /** Connects, or connects anew with the id of the last event that it has seen. Resolves with the head of the answer. */
  async connect(origin: string, headers: Record<string, string> = {}, query = ""): Promise<this> {
    await this.disconnect();
    let unread = "";
    await new Promise<void>((resolve, reject) => {
      const resumption = this.lastEventId === undefined ? {} : { "last-event-id": this.lastEventId };
      const request = get(`${origin}/v1/events${query}`, { agent: false, headers: { ...headers, ...resumption } });
      this.#request = request;
      this.#closed = new Promise((close) => request.once("close", close));
      request.once("error", reject);
      request.once("response", (response) => {
        request.off("error", reject).on("error", () => undefined);
        // A connection that is cut off is what these tests are about.
        response.on("error", () => undefined);
        this.#response = response;
        this.status = response.statusCode;
        response.setEncoding("utf8").on("data", (text: string) => {
          unread = this.#read(unread + text);
        });
        resolve();
      });
    });
    return this;
  }

  /** Takes nothing from the connection any more, and leaves it open. */
  stall(): void {
    this.#response?.pause();
  }

  /** Resolves when the connection has ended, whoever ended it. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  async disconnect(): Promise<void> {
    this.#request?.destroy();
    await this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }

  /** Notes the whole blocks in `text`, and returns the rest. */
  #read(text: string): string {
    const blocks = text.split("\n\n");
    const rest = blocks.pop() ?? "";
    if (this.#request?.destroyed) return rest;
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => [line.split(": ", 1)[0], line.replace(/^.*?: /, "")]));
      const [id, data] = [fields.get("id"), fields.get("data")];
      if (id === undefined) continue;
      this.lastEventId = id;
      if (data === undefined) this.bookmarks += 1;
      else this.events.push({ id, type: fields.get("event") ?? "", data: JSON.parse(data) });
    }
    return rest;
  }
}
