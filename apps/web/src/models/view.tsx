import { CopiedCode } from "../parts/copy.tsx";
import { FaultBox } from "../parts/fault.tsx";
import { client } from "../state/api.ts";
import { useAsked } from "../state/ask.ts";
import { hrefOf } from "../state/place.ts";
import { queenHere } from "../state/session.ts";
import { curlCommand } from "../words/command.ts";

const EVERY_MS = 5000;
const MAX_MODELS = 1000;
const STATES = ["idle", "busy", "loading", "error"] as const;

export function ModelsView() {
  const { value, fault, again } = useAsked(() => client.value.listModels({ limit: MAX_MODELS }), {
    key: "models",
    everyMs: EVERY_MS,
  });
  const models = value?.models;
  return (
    <>
      <h1>Models</h1>
      {fault && <FaultBox fault={fault} onRetry={again} />}
      {value?.next_after && <p class="soft">The first {MAX_MODELS.toLocaleString("en")} by name.</p>}
      {models?.length === 0 && <p class="nothing">No live hive serves a model, or has one on its disk.</p>}
      {models !== undefined && models.length > 0 && (
        <div class="table-frame">
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">Model</th>
                {STATES.map((state) => (
                  <th key={state} scope="col" class="number">
                    {state}
                  </th>
                ))}
                <th scope="col" class="number">
                  on disk
                </th>
              </tr>
            </thead>
            <tbody>
              {models.map(({ model, workers, idle_kept_from_work: kept, hives_with_it_on_disk: onDisk }) => (
                <tr key={model}>
                  <th scope="row">
                    <a href={hrefOf("", undefined, new URLSearchParams({ model }))}>{model}</a>
                    <BestWorker model={model} />
                  </th>
                  {STATES.map((state) => (
                    <td key={state} data-head={state} class={`number ${workers[state] > 0 ? `is-${state}` : "none"}`}>
                      {workers[state]}
                      {state === "idle" && kept > 0 && <span class="soft"> ({kept} kept from work)</span>}
                    </td>
                  ))}
                  <td data-head="on disk" class={`number ${onDisk > 0 ? "" : "none"}`}>
                    {onDisk}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

/** The request that finds the one that is best to use now. */
function BestWorker({ model }: { model: string }) {
  const command = curlCommand(queenHere(), `v1/workers/best?${new URLSearchParams({ model })}`);
  return (
    <details class="best">
      <summary aria-label={`The best worker for ${model}, by curl`}>best worker</summary>
      <CopiedCode text={command} />
    </details>
  );
}
