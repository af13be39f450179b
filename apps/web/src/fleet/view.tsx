import { useEffect } from "preact/hooks";
import { BulkBar } from "../actions/bulk-bar.tsx";
import { Dock } from "../frame/dock.tsx";
import { FaultBox } from "../parts/fault.tsx";
import { Loading } from "../parts/loading.tsx";
import { fault, isAsking, order, show, showNow, totals } from "../state/fleet.ts";
import { hrefOf, place } from "../state/place.ts";
import { Counts } from "./counts.tsx";
import { Damaged } from "./damaged.tsx";
import { FILTERS } from "./filters.ts";
import { Foot } from "./foot.tsx";
import { Moved } from "./moved.tsx";
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
