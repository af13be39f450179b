import type { Schema } from "@repo/queen-client";
import { bytesText } from "../words/amounts.ts";

export function Workers({ workers, isLive }: { workers: Schema<"HiveState">["workers"]; isLive: boolean }) {
  return (
    <section class="panel is-wide">
      <h2>Workers</h2>
      {workers.length === 0 && (
        <p class="soft">{isLive ? "Its last beat tells of no worker." : "None is known: no beat arrives."}</p>
      )}
      {workers.length > 0 && !isLive && <p class="soft">As its last beat told: none arrives now.</p>}
      {workers.length > 0 && (
        <div class={`table-frame ${isLive ? "" : "is-past"}`}>
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col">State</th>
                <th scope="col">Server</th>
                <th scope="col" class="number">
                  Requests
                </th>
                <th scope="col" class="number">
                  VRAM
                </th>
                <th scope="col">Address</th>
              </tr>
            </thead>
            <tbody>
              {workers.map((worker) => (
                <tr key={worker.worker_id}>
                  <th scope="row">{worker.model_id ?? "–"}</th>
                  <td class={`is-${worker.state.toLowerCase()}`}>
                    {worker.state.toLowerCase()}
                    {worker.health_status !== "healthy" && `, ${worker.health_status}`}
                  </td>
                  <td data-head="server">{worker.server ?? worker.backend ?? "–"}</td>
                  <td data-head="requests" class="number">
                    {worker.running === null
                      ? "–"
                      : `${worker.running}${worker.slots === null ? "" : ` / ${worker.slots}`}`}
                    {worker.waiting ? `, ${worker.waiting} waiting` : ""}
                  </td>
                  <td data-head="VRAM" class="number">
                    {worker.vram_bytes === null ? "–" : bytesText(worker.vram_bytes)}
                  </td>
                  <td data-head="at" class="mono">
                    {worker.url ?? "–"}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
