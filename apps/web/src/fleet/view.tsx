import { useEffect } from "preact/hooks";
import { BulkBar } from "../actions/bulk-bar.tsx";
import { Dock } from "../frame/dock.tsx";
import { CopiedCode } from "../parts/copy.tsx";
import { FaultBox } from "../parts/fault.tsx";
import { Loading } from "../parts/loading.tsx";
import {
  damaged,
  fault,
  hasMore,
  isAsking,
  MAX_ROWS,
  moved,
  order,
  show,
  showMore,
  showNow,
  totals,
} from "../state/fleet.ts";
import { hrefOf, place } from "../state/place.ts";
import { queenHere } from "../state/session.ts";
import { countText } from "../words/amounts.ts";
import { fleetCommand } from "../words/command.ts";
import { FILTERS } from "../words/filters.ts";
import { Counts } from "./counts.tsx";
import { Nothing } from "./nothing.tsx";
import { FleetTable } from "./table.tsx";
import { Toolbar } from "./toolbar.tsx";

export function FleetView() {
  const { query } = place.value;
  useEffect(() => show(query), [query]);
  const ids = order.value;
  const isFiltered = Object.keys(FILTERS).some((name) => query.has(name));
  return (
    <>
      <h1 class="unseen">Fleet</h1>
      <Counts />
      <Toolbar />
      {ids === undefined && !fault.value && <Loading what="Reading the fleet…" />}
      {ids?.length === 0 && !isAsking.value && !fault.value && (
        <Nothing isEmpty={totals.value?.total === 0 || !isFiltered} />
      )}
      {ids !== undefined && ids.length > 0 && <FleetTable ids={ids} />}
      <Damaged />
      {ids !== undefined && ids.length > 0 && <Foot />}
      <Dock>
        <FleetFault />
        <Moved />
        <BulkBar />
      </Dock>
    </>
  );
}

/** What the address asks for may be nothing that she understands: to ask it again helps nobody. */
function FleetFault() {
  if (fault.value === undefined) return null;
  if (fault.value.status !== 400) return <FaultBox fault={fault.value} onRetry={() => void showNow()} />;
  return (
    <FaultBox fault={fault.value}>
      <a class="button" href={hrefOf("")}>
        Show all hives
      </a>
    </FaultBox>
  );
}

/** That the hives are others by now, or stand elsewhere: the rows stay until somebody asks for that. */
function Moved() {
  const now = moved.value;
  if (now === undefined) return null;
  const words = [
    now.more > 0 && `${now.more} more`,
    now.fewer > 0 && `${now.fewer} that no longer match`,
    now.isOther && "another order",
  ].filter(Boolean);
  return (
    <p class="moved">
      The list has changed: {words.join(", ")}.{" "}
      <button type="button" onClick={() => void showNow()}>
        Show it as it is now
      </button>
    </p>
  );
}

/** Rows that another program damaged, which are no rows of the table. */
function Damaged() {
  if (damaged.value.length === 0) return null;
  return (
    <details class="fault">
      <summary>{countText(damaged.value.length, "row")} of the catalog damaged by another program</summary>
      <ul>
        {damaged.value.map(({ id, column, problem }) => (
          <li key={id}>
            <b>{id}</b>: {column} {problem}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Foot() {
  const shown = order.value?.length ?? 0;
  return (
    <footer class="foot">
      <span class="soft">
        {hasMore.value ? `The first ${shown}` : shown} of {totals.value?.total.toLocaleString("en")} hives
        {hasMore.value && shown >= MAX_ROWS && ": filter to see others"}
      </span>
      {hasMore.value && shown < MAX_ROWS && (
        <button type="button" onClick={showMore}>
          Show more
        </button>
      )}
      <CopiedCode text={fleetCommand(queenHere(), place.value.query)} />
    </footer>
  );
}
