import * as z from "zod";
import { ListError } from "../../fleet/lists/errors.ts";
import type { Cursor, ListQuery } from "../../fleet/lists/fleet-lists.ts";
import { invalidInput } from "../errors.ts";

/** In the text of `after`, which callers hand back as it is: short names, for it stands in a URL. */
const After = z.strictObject({
  /** The order, and the start of the queen that began it. */
  o: z.string(),
  s: z.string(),
  v: z.string().nullable(),
  i: z.string().nullable(),
  m: z.int().min(0),
  n: z.int().min(0).nullable(),
});

const orderOf = ({ sort, descending, groupBy }: ListQuery): string =>
  groupBy === undefined ? `${descending ? "-" : ""}${sort}` : `=${groupBy}`;

/** The `next_after` of a list. `start` is that of the queen. */
export function toAfter({ place, since, snapshot }: Cursor, query: ListQuery, start: string): string {
  const after = { o: orderOf(query), s: start, v: place.value, i: place.id, m: since, n: snapshot };
  return Buffer.from(JSON.stringify(after)).toString("base64url");
}

/** Throws a Problem, or ListError for one of a queen that was restarted: what changed before she does not know. */
export function fromAfter(text: string, query: ListQuery, start: string): Cursor {
  const after = parsed(text);
  if (after === undefined) throw invalidAfter("must be the `next_after` of the page before");
  const order = orderOf(query);
  if (after.o !== order)
    throw invalidAfter(`must be of a list in the same order: this one is of ${JSON.stringify(after.o)}`);
  if (after.s !== start && query.groupBy === undefined && query.sort === "id") {
    return { place: { value: after.v, id: after.i }, since: 0, snapshot: null };
  }
  if (after.s !== start) {
    throw new ListError(
      "LIST_EXPIRED",
      "The queen was restarted since this list was begun: begin anew, without `after`",
    );
  }
  return { place: { value: after.v, id: after.i }, since: after.m, snapshot: after.n };
}

function parsed(text: string): z.output<typeof After> | undefined {
  try {
    return After.safeParse(JSON.parse(Buffer.from(text, "base64url").toString())).data;
  } catch {
    return undefined;
  }
}

const invalidAfter = (message: string) => invalidInput("INVALID_ARGUMENT", [{ field: "after", message }]);
