import { QueenClient } from "@repo/queen-client";

interface Options {
  port: number;
  /** An operator's: readers have no places of their own. */
  token: string;
  onStatus: (hiveId: string, status: string) => void;
  onProblem: (problem: string) => void;
}

/** Reads the changes of status from the queen's events, and comes back when it is cut off. */
export class Marks implements AsyncDisposable {
  readonly #stop = new AbortController();
  #reading: Promise<void> = Promise.resolve();

  /** Resolves once nothing can be missed any more. */
  static async start(options: Options): Promise<Marks> {
    const marks = new Marks();
    await new Promise<void>((greeted) => {
      marks.#reading = marks.#read(options, greeted);
    });
    return marks;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read({ port, token, onStatus, onProblem }: Options, greeted: () => void): Promise<void> {
    const client = new QueenClient({ url: `http://127.0.0.1:${port}`, token });
    try {
      for await (const { type, data } of client.readEvents({ signal: this.#stop.signal })) {
        if (type === "hello") greeted();
        if (type === "status") onStatus(data.hive_id, data.status);
        if (type === "gap") onProblem(`events were missed: ${JSON.stringify(data)}`);
      }
    } catch (error) {
      onProblem(`GET /v1/events: ${error}`);
      greeted();
    }
  }
}
