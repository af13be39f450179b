import { Icon } from "../parts/icon.tsx";
import { go } from "../state/place.ts";
import { tick, ticked } from "../state/ticked.ts";
import { COLUMNS, type Column } from "./columns.tsx";
import { withParameter } from "./filters.ts";

export function TickAll({ ids, word }: { ids: readonly string[]; word?: string }) {
  const count = ids.filter((id) => ticked.value.has(id)).length;
  return (
    <label class="check">
      <input
        type="checkbox"
        aria-label="Tick all that are shown"
        checked={count > 0 && count === ids.length}
        indeterminate={count > 0 && count < ids.length}
        onChange={({ currentTarget }) => tick(ids, currentTarget.checked)}
      />
      {word}
    </label>
  );
}

const DIRECTIONS = { up: "ascending", down: "descending" } as const;

export function Head({ column: { name, title, sort }, query }: { column: Column; query: URLSearchParams }) {
  const current = sortOf(query);
  if (sort === undefined) {
    return (
      <th scope="col" class={`c-${name}`}>
        {title}
      </th>
    );
  }
  const bare = sort.replace("-", "");
  const isSorted = current.replace("-", "") === bare;
  const direction = current.startsWith("-") ? "down" : "up";
  const next = isSorted ? reversed(current) : sort;
  return (
    <th scope="col" class={`c-${name}`} aria-sort={isSorted ? DIRECTIONS[direction] : "none"}>
      <a href={sortedBy(query, next)} class="sort">
        {title}
        {isSorted && <Icon name={direction} />}
      </a>
    </th>
  );
}

const reversed = (sort: string): string => (sort.startsWith("-") ? sort.slice(1) : `-${sort}`);

const ORDERS = COLUMNS.flatMap(({ title, sort }) =>
  sort === undefined
    ? []
    : [
        [sort, title],
        [reversed(sort), `${title}, reversed`],
      ],
);

/** Where hives are cards there are no heads: what these do, in one line. */
export function CardsHead({ ids, query }: { ids: readonly string[]; query: URLSearchParams }) {
  return (
    <div class="cards-head">
      <TickAll ids={ids} word="All" />
      <label class="group-by">
        <span>Sort by</span>
        <select value={sortOf(query)} onChange={({ currentTarget }) => go(sortedBy(query, currentTarget.value))}>
          {query.has("group_by") && <option value="">the groups</option>}
          {ORDERS.map(([sort, title]) => (
            <option key={sort} value={sort}>
              {title}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

const sortOf = (query: URLSearchParams): string => query.get("sort") ?? (query.has("group_by") ? "" : "id");

const sortedBy = (query: URLSearchParams, sort: string): string =>
  withParameter(query, "sort", sort === "id" ? undefined : sort);
