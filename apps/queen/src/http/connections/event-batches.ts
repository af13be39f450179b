import { CHANGES_NO_ROW } from "../../telling/event-data.ts";
import type { EventFilter, EventLog, LoggedEvent } from "../../telling/events.ts";

/** Sent in one piece, so that a reader who catches up does not hold the event loop. */
const MAX_PIECE_LENGTH = 65_536;
/** Whose rows are read at once. */
const MAX_EVENTS = 25;
/** Ready for readers who come to the same place a little later. */
const MAX_BATCHES = 32;

interface Batch {
  /** Empty when the reader wants none of them. */
  readonly text: Buffer;
  /** Number of the last event that was scanned. */
  readonly upTo: number;
}

/** The row of a hive as JSON: `null` of one that is in the catalog no more, undefined of one that cannot be read. */
type RowText = (hiveId: string) => string | undefined;
/** Reads the rows of these hives as they are now. Rejects when none can be read. */
export type RowsOf = (hiveIds: readonly string[]) => Promise<RowText>;

interface Parts {
  readonly events: EventLog;
  readonly rowsOf: RowsOf;
}

/**
 * Writes events with the rows of their hives. Readers who are at one place and want the same share what is written: a row is at least as new as
 * its event, and of what changed since a later event tells.
 */
export class EventBatches {
  readonly #parts: Parts;
  readonly #batches = new Map<string, Promise<Batch>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What comes after that event. Never rejects. */
  after(n: number, filter: EventFilter): Promise<Batch> {
    const key = `${n} ${filter.key}`;
    const known = this.#batches.get(key);
    if (known !== undefined) return known;
    const batch = this.#write(n, filter);
    this.#batches.set(key, batch);
    const [oldest = key] = this.#batches.keys();
    if (this.#batches.size > MAX_BATCHES) this.#batches.delete(oldest);
    return batch;
  }

  async #write(n: number, filter: EventFilter): Promise<Batch> {
    const { events: log, rowsOf } = this.#parts;
    const { events, upTo } = log.after(n, MAX_EVENTS, (event) => filter.wants(event));
    const hiveIds = new Set(events.flatMap((event) => hiveOfRow(event) ?? []));
    const rowOf = hiveIds.size === 0 ? unread : oncePerHive(await rowsOf([...hiveIds]).catch(() => unread));
    let text = "";
    for (const event of events) {
      if (text.length >= MAX_PIECE_LENGTH) return { text: Buffer.from(text), upTo: event.n - 1 };
      text += textOf(event, log.idOf(event.n), rowOf);
    }
    return { text: Buffer.from(text), upTo };
  }
}

const unread: RowText = () => undefined;

/** Some rows are long, and a hive may have several events. */
function oncePerHive(rowOf: RowText): RowText {
  const texts = new Map<string, string | undefined>();
  return (hiveId) => {
    if (!texts.has(hiveId)) texts.set(hiveId, rowOf(hiveId));
    return texts.get(hiveId);
  };
}

const hiveOfRow = ({ type, hiveId }: LoggedEvent): string | undefined => (type === CHANGES_NO_ROW ? undefined : hiveId);

function textOf(event: LoggedEvent, id: string, rowOf: RowText): string {
  const { type, data } = event;
  const json = JSON.stringify(data);
  const hiveId = hiveOfRow(event);
  const row = hiveId === undefined ? undefined : rowOf(hiveId);
  return `id: ${id}\nevent: ${type}\ndata: ${row === undefined ? json : `${json.slice(0, -1)},"row":${row}}`}\n\n`;
}
