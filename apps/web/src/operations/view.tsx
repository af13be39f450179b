import { useEffect, useState } from "preact/hooks";
import { Age } from "../parts/age.tsx";
import { FaultBox } from "../parts/fault.tsx";
import { client } from "../state/api.ts";
import { useAsked } from "../state/ask.ts";
import { onNews } from "../state/live.ts";
import { hrefOf, place } from "../state/place.ts";
import { durationText } from "../words/amounts.ts";
import { OperationState, OperationView } from "./operation.tsx";

const EVERY_MS = 15_000;
const PAGE_SIZE = 100;
/** As many as the queen tells of at once. */
const MAX_SHOWN = 1000;

export function OperationsView() {
  const { name } = place.value;
  return name === undefined ? <OperationsList /> : <OperationView id={name} />;
}

/** The newest first; of one hive, where it is said. */
export function OperationsList({ hiveId }: { hiveId?: string }) {
  const [limit, setLimit] = useState(PAGE_SIZE);
  const query = { limit, ...(hiveId !== undefined && { hive_id: hiveId }) };
  const { value, fault, again } = useAsked(() => client.value.listOperations(query), {
    key: `operations ${hiveId}`,
    everyMs: EVERY_MS,
  });
  const showMore = () => {
    setLimit(Math.min(limit + PAGE_SIZE, MAX_SHOWN));
    again();
  };
  useEffect(
    () => onNews((news) => (news === "missed" || news.some(({ type }) => type === "operation")) && again()),
    [],
  );
  return (
    <>
      {hiveId === undefined && <h1>Operations</h1>}
      {fault && <FaultBox fault={fault} onRetry={again} />}
      {value?.operations.length === 0 && (
        <p class="nothing">None yet: an installation, a start or a stop of an agent is one.</p>
      )}
      {value !== undefined && value.operations.length > 0 && (
        <div class="table-frame">
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">Operation</th>
                {hiveId === undefined && <th scope="col">Hive</th>}
                <th scope="col">State</th>
                <th scope="col">Begun</th>
                <th scope="col">Took</th>
                <th scope="col">Problem</th>
              </tr>
            </thead>
            <tbody>
              {value.operations.map((operation) => (
                <tr key={operation.id}>
                  <th scope="row">
                    <a href={hrefOf("operations", operation.id)}>{operation.kind}</a>
                  </th>
                  {hiveId === undefined && (
                    <td>
                      <a href={hrefOf("hives", operation.hive_id)}>{operation.hive_id}</a>
                    </td>
                  )}
                  <td>
                    <OperationState state={operation.state} />
                  </td>
                  <td>
                    <Age sinceMs={operation.created_at_ms} suffix=" ago" />
                  </td>
                  <td data-head={operation.finished_at_ms === null ? undefined : "took"}>
                    {operation.finished_at_ms === null
                      ? ""
                      : durationText(operation.finished_at_ms - operation.created_at_ms)}
                  </td>
                  <td class="long">{operation.problem}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {value?.next_after && limit < MAX_SHOWN && (
        <p>
          <button type="button" onClick={showMore}>
            Show more
          </button>
        </p>
      )}
    </>
  );
}
