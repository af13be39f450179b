import { setTimeout as delay } from "node:timers/promises";
import { EventReader } from "../event-reader.ts";

const LOOK_MS = 20;
const RETRY_MS = 500;

interface Options {
  port: number;
  /** An operator's: readers have no places of their own. */
  token: string;
  onStatus: (hiveId: string, status: string) => void;
  onProblem: (problem: string) => void;
}

/** Reads the changes of status from the queen's events, and comes back when it is cut off. */
export class Marks implements AsyncDisposable {
  readonly #reader = new EventReader();
  readonly #options: Options;
  readonly #timer: NodeJS.Timeout;
  #reading: Promise<void> = Promise.resolve();
  #isEnding = false;

  private constructor(options: Options) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Resolves once nothing can be missed any more. */
  static async start(options: Options): Promise<Marks> {
    const marks = new Marks(options);
    await marks.#connect();
    marks.#reading = marks.#read();
    return marks;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    clearInterval(this.#timer);
    await this.#reader.disconnect();
    await this.#reading;
  }

  async #connect(): Promise<void> {
    const { port, token, onProblem } = this.#options;
    try {
      await this.#reader.connect(`http://127.0.0.1:${port}`, { authorization: `Bearer ${token}` });
      if (this.#reader.status !== 200) onProblem(`GET /v1/events answered an operator ${this.#reader.status}`);
    } catch (error) {
      if (!this.#isEnding) onProblem(`GET /v1/events: ${error}`);
    }
  }

  async #read(): Promise<void> {
    while (!this.#isEnding) {
      await this.#reader.closed;
      if (this.#isEnding) return;
      await delay(RETRY_MS);
      await this.#connect();
    }
  }

  #look(): void {
    for (const { type, data } of this.#reader.events.splice(0)) {
      if (type === "status") this.#options.onStatus(String(data.hive_id), String(data.status));
      if (type === "gap") this.#options.onProblem(`events were missed: ${JSON.stringify(data)}`);
    }
  }
}
