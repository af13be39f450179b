import { createHash } from "node:crypto";
import { HiveStatus } from "@repo/hive-catalog";
import * as z from "zod";
import { ListError } from "../../fleet/lists/errors.ts";
import type { Cursor } from "../../fleet/lists/fleet-lists.ts";
import type { ListQuery } from "../../fleet/lists/list-query.ts";
import { invalidArgument } from "../errors.ts";

const none = z.null();
/** Other programs give hives whatever id they like, the empty one, too. */
const id = z.string();
/** Where a list goes on, by what it is sorted by: a value and an id. */
const PLACES = {
  id: z.tuple([none, id]),
  status: z.tuple([HiveStatus, id.nullable()]),
  label: z.union([z.tuple([z.string(), id]), z.tuple([none, id.nullable()])]),
  /** How many were gone through; then those that have no place in the order. */
  counted: z.union([z.tuple([z.string().regex(/^(?:0|[1-9]\d{0,8})$/), none]), z.tuple([none, id.nullable()])]),
};

/** In the text of `after`, which callers hand back as it is: short names, for it stands in a URL. */
const After = z.strictObject({
  /** The query, and the start of the queen that began the list. */
  q: z.string(),
  s: z.string(),
  v: z.string().nullable(),
  i: z.string().nullable(),
  m: z.int().min(0),
  n: z.int().min(0).nullable(),
});

const QUERY_CHARACTERS = 16;

/** The same for all that ask for the same hives in the same order. */
function queryName({ onCorruptHive: _, conditions, ...others }: ListQuery): string {
  // One is said as where only one could be named: `after` may be of a queen who ran before.
  const [status, ...more] = conditions.status ?? [];
  const statuses = more.length === 0 ? status : conditions.status;
  const asked = Object.entries({ ...conditions, status: statuses, ...others }).filter(
    ([, value]) => value !== undefined,
  );
  const text = JSON.stringify(asked.sort(([one], [other]) => (one < other ? -1 : 1)));
  return createHash("sha256").update(text).digest("base64url").slice(0, QUERY_CHARACTERS);
}

function placesOf({ sort, groupBy }: ListQuery): z.ZodType {
  if (groupBy !== undefined) return PLACES.label;
  return sort === "id" || sort === "status" ? PLACES[sort] : PLACES.counted;
}

/** The `next_after` of a list. `start` is that of the queen. */
export function toAfter({ place, since, snapshot }: Cursor, query: ListQuery, start: string): string {
  const after = { q: queryName(query), s: start, v: place.value, i: place.id, m: since, n: snapshot };
  return Buffer.from(JSON.stringify(after)).toString("base64url");
}

/** Throws a Problem, or ListError for one of a queen that was restarted: what changed before she does not know. */
export function fromAfter(text: string, query: ListQuery, start: string): Cursor {
  const after = parsed(text);
  const isOfQuery = after?.q === queryName(query) && placesOf(query).safeParse([after.v, after.i]).success;
  if (after === undefined || !isOfQuery) {
    throw invalidArgument("after", "must be the `next_after` of a page with the same query");
  }
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
