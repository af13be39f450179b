import { type QueenClient, QueenNoAnswer, QueenProblem, type Schema } from "@repo/queen-client";
import { until } from "./until.ts";

export type Fleet = Map<string, Schema<"FleetRow">>;

/** Asks again while no queen answers: she may be on her way down or up, or close a connection that was idle for long. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  const answer = await until("a queen answers", () =>
    ask().then(
      (value) => ({ value }),
      (error: unknown) => {
        if (!(error instanceof QueenNoAnswer || (error instanceof QueenProblem && error.status === 503))) throw error;
        return undefined;
      },
    ),
  );
  return answer.value;
}

/** All pages, and where to follow from. */
export const draw = (client: QueenClient) => answered(() => drawOnce(client));

async function drawOnce(client: QueenClient): Promise<{ fleet: Fleet; position: string }> {
  const fleet: Fleet = new Map();
  let first: string | undefined;
  for await (const { hives, position } of client.fleetPages({ limit: 15 })) {
    first ??= position;
    for (const row of hives) fleet.set(row.hive.id, row);
  }
  return { fleet, position: first ?? "" };
}

/** Draws the fleet, follows the events, and draws anew on a gap, step by step as docs/api.md says, until it is disposed of. */
export class FleetFollower implements AsyncDisposable {
  fleet: Fleet = new Map();
  /** Up to where it knows what happened. */
  position = "";
  readonly kinds = new Set<string>();
  /** Why it was drawn anew, each time. */
  readonly gaps: string[] = [];
  readonly #client: QueenClient;
  readonly #stop = new AbortController();
  #following: Promise<void> = Promise.resolve();

  constructor(client: QueenClient) {
    this.#client = client;
  }

  /** Resolves when the fleet is drawn. */
  async begin(): Promise<this> {
    await this.#draw();
    this.#following = this.#follow();
    // Whoever disposes of it is told.
    this.#following.catch(() => undefined);
    return this;
  }

  async #draw(): Promise<void> {
    ({ fleet: this.fleet, position: this.position } = await draw(this.#client));
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      for await (const { id, type, data } of this.#client.readEvents({ after: this.position, signal })) {
        this.kinds.add(type);
        if (type === "gap") {
          this.gaps.push(data.why);
          break;
        }
        if ("hive_id" in data) await this.#take(data.hive_id, data.row);
        this.position = id;
      }
      if (signal.aborted) return;
      await this.#draw();
    }
  }

  async #take(id: string, row: Schema<"FleetRow"> | null | undefined): Promise<void> {
    const now = row === undefined ? await answered(() => this.#askFor(id)) : row;
    if (now) this.fleet.set(id, now);
    else this.fleet.delete(id);
  }

  async #askFor(id: string): Promise<Schema<"FleetRow"> | undefined> {
    for await (const { hives } of this.#client.fleetPages({ text: id })) {
      const row = hives.find(({ hive }) => hive.id === id);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }
}
