import type { Logger } from "pino";
import { Slots } from "../../process/slots.ts";
import type { Lifecycle } from "../lifecycle.ts";
import { BulkRun } from "./bulk-run.ts";
import type { BulkLine, BulkRequest } from "./lines.ts";

/** What is done at one time for all requests together, so that beats never wait behind many commits. Operations that have begun go on beside it. */
const MAX_AT_ONCE = 16;
/** Without a line in between: shorter than the patience of proxies, and of the queen's own sockets. */
const PROGRESS_MS = 15_000;

interface Parts {
  lifecycle: Lifecycle;
  log: Logger;
  /** Resolves when something may be done to one more hive. */
  turn: () => Promise<void>;
  progressMs?: number;
}

/** Does one thing to many hives, a few at a time: one that fails keeps none of the others back. */
export class Bulk {
  readonly #parts: Parts;
  readonly #slots = new Slots(MAX_AT_ONCE);
  readonly #runs = new Set<BulkRun>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Tells of each hive once, as it goes, and at the end of all. What has begun when nobody listens any more is finished all the same. */
  async *run(request: BulkRequest): AsyncGenerator<BulkLine, void, undefined> {
    const { lifecycle, log, turn, progressMs = PROGRESS_MS } = this.#parts;
    const run = new BulkRun(request, { lifecycle, turn, slots: this.#slots });
    const wake = () => run.wake();
    request.signal.addEventListener("abort", wake);
    this.#runs.add(run);
    try {
      while (!run.isOver) {
        yield* run.takeLines();
        run.beginNext();
        if (!run.isOver && !(await run.news(progressMs))) yield run.count("progress");
      }
      yield run.count("end");
    } finally {
      request.signal.removeEventListener("abort", wake);
      await run.close();
      this.#runs.delete(run);
      const { counts, running, notBegun } = run.count("end");
      if (notBegun > 0) {
        log.info({ ...counts, running, not_begun: notBegun }, `${request.name} of many hives ended early`);
      }
    }
  }

  /** Resolves when what has begun is done, also for callers who have gone. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#runs, (run) => run.close()));
  }
}
