import { useEffect } from "preact/hooks";
import { BulkBar } from "../actions/bulk-bar.tsx";
import { FaultBox } from "../parts/fault.tsx";
import { damaged, fault, isAsking, moved, order, show, showNow, totals } from "../state/fleet.ts";
import { readCondition } from "../state/health.ts";
import { place } from "../state/place.ts";
import { countText } from "../words/amounts.ts";
import { Banner } from "./banner.tsx";
import { Counts } from "./counts.tsx";
import { FILTERS } from "./filters.ts";
import { Foot } from "./foot.tsx";
import { Nothing } from "./nothing.tsx";
import { FleetTable } from "./table.tsx";
import { Toolbar } from "./toolbar.tsx";

export function FleetView() {
  const { query } = place.value;
  useEffect(() => show(query), [query]);
  useEffect(() => void readCondition(), []);
  const ids = order.value;
  const isFiltered = Object.keys(FILTERS).some((name) => query.has(name));
  return (
    <>
      <h1 class="unseen">Fleet</h1>
      <Banner />
      <Counts />
      <Toolbar />
      {fault.value && <FaultBox fault={fault.value} onRetry={() => void showNow()} />}
      {damaged.value.length > 0 && <Damaged />}
      <Moved />
      {ids === undefined && !fault.value && <Loading />}
      {ids?.length === 0 && !isAsking.value && !fault.value && (
        <Nothing isEmpty={totals.value?.total === 0 || !isFiltered} />
      )}
      {ids !== undefined && ids.length > 0 && <FleetTable ids={ids} />}
      {ids !== undefined && ids.length > 0 && <Foot />}
      <BulkBar />
    </>
  );
}

const Loading = () => (
  <div class="loading" role="status">
    Reading the fleet…
  </div>
);

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

const Damaged = () => (
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
