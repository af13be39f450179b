import { type EventData, QueenClient, type QueenEvent } from "@repo/queen-client";
import { until } from "./until.ts";

/** What a queen tells, read as a client does: over her restarts, until it is disposed of. */
export class FollowedEvents implements AsyncDisposable {
  readonly events: QueenEvent[] = [];
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;

  private constructor(client: QueenClient) {
    this.#reading = this.#read(client);
  }

  /** Resolves once it is greeted: what happens from then on is told. */
  static async start(url: string, token?: string): Promise<FollowedEvents> {
    const followed = new FollowedEvents(new QueenClient({ url, token }));
    await until("the reader of events is greeted", () => followed.events.length > 0);
    return followed;
  }

  /** The data of those of one type. */
  of<Type extends keyof EventData>(type: Type): EventData[Type][] {
    return this.events.filter((event) => event.type === type).map(({ data }) => data as EventData[Type]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(client: QueenClient): Promise<void> {
    for await (const event of client.readEvents({ signal: this.#stop.signal })) this.events.push(event);
  }
}
