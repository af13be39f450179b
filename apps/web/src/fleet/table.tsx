import { useComputed } from "@preact/signals";
import { isAsking, rowOf } from "../state/fleet.ts";
import { place } from "../state/place.ts";
import { cursor, tick, ticked } from "../state/ticked.ts";
import { type Column, columnsOf } from "./columns.tsx";
import { CardsHead, Head, TickAll } from "./heads.tsx";

export function FleetTable({ ids }: { ids: readonly string[] }) {
  const { query } = place.value;
  const columns = columnsOf(query);
  const groupBy = query.get("group_by");
  return (
    <div class="table-frame">
      <CardsHead ids={ids} query={query} />
      <table class={`fleet ${query.has("cols") ? "" : "is-default"}`} aria-busy={isAsking.value}>
        <caption class="unseen">Hives</caption>
        <thead>
          <tr>
            <th scope="col" class="tick">
              <TickAll ids={ids} />
            </th>
            {columns.map((column) => (
              <Head key={column.name} column={column} query={query} />
            ))}
          </tr>
        </thead>
        {groupsOf(ids, groupBy).map(({ value, members }) => (
          <tbody key={value}>
            {groupBy !== null && (
              <tr class="group">
                <th scope="rowgroup" colSpan={columns.length + 1}>
                  <span class="chip">
                    <span class="key">{groupBy}</span>
                    <span class="value">{value ?? "none"}</span>
                  </span>
                  <span class="soft">{members.length}</span>
                </th>
              </tr>
            )}
            {members.map((id) => (
              <Row key={id} id={id} columns={columns} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

interface Group {
  /** Undefined of hives without the label. */
  readonly value: string | undefined;
  readonly members: string[];
}

/** Hives come in the order of the values, so that one follows the other. */
function groupsOf(ids: readonly string[], key: string | null): Group[] {
  if (key === null) return [{ value: "", members: [...ids] }];
  const groups: Group[] = [];
  for (const id of ids) {
    // The place of a row stays, whatever becomes of its labels.
    const labels = rowOf(id)?.peek().row.hive.labels ?? {};
    // Each object has a `constructor`, which is no label.
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    const last = groups.at(-1);
    if (last?.value === value && last !== undefined) last.members.push(id);
    else groups.push({ value, members: [id] });
  }
  return groups;
}

function Row({ id, columns }: { id: string; columns: readonly Column[] }) {
  const isTicked = useComputed(() => ticked.value.has(id)).value;
  const isAt = useComputed(() => cursor.value === id).value;
  const seen = rowOf(id)?.value;
  if (seen === undefined) return null;
  const { isGone, changes } = seen;
  return (
    <tr
      id={`row-${id}`}
      class={[isAt && "is-at", isGone && "is-gone", isTicked && "is-ticked"].filter(Boolean).join(" ")}
    >
      <td class="tick">
        <input
          type="checkbox"
          aria-label={`Tick ${id}`}
          checked={isTicked}
          disabled={isGone}
          onChange={({ currentTarget }) => tick([id], currentTarget.checked)}
        />
      </td>
      {columns.map(({ name, cell }) =>
        name === "status" ? (
          // Another key draws it anew, with the sign of a change.
          <td key={`${name}${changes}`} class={`c-${name} ${changes > 0 ? "has-changed" : ""}`}>
            {isGone ? <span class="soft">removed</span> : cell(seen)}
          </td>
        ) : (
          <td key={name} class={`c-${name}`}>
            {cell(seen)}
          </td>
        ),
      )}
    </tr>
  );
}
