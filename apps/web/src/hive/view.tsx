import { useEffect } from "preact/hooks";
import { HIVE_ACTIONS } from "../actions/actions.ts";
import { ActionButton, WhyDisabled } from "../actions/button.tsx";
import { EventList } from "../events/view.tsx";
import { LabelChips } from "../fleet/labels.tsx";
import { OperationsList } from "../operations/view.tsx";
import { Absent } from "../parts/absent.tsx";
import { Copy } from "../parts/copy.tsx";
import { FaultBox } from "../parts/fault.tsx";
import { Icon } from "../parts/icon.tsx";
import { Marks } from "../parts/status.tsx";
import { client } from "../state/api.ts";
import { useAsked } from "../state/ask.ts";
import { onNews } from "../state/live.ts";
import { usePast } from "../state/past.ts";
import { hrefOf, place } from "../state/place.ts";
import { addressText } from "../words/devices.ts";
import { Devices } from "./devices.tsx";
import { HostKeys } from "./host-keys.tsx";
import { Why } from "./why.tsx";
import { Workers } from "./workers.tsx";

const EVERY_MS = 3000;
const GONE = "It was removed, or never added.";

export function HiveView() {
  const id = place.value.name ?? "";
  const { value, fault, again } = useAsked(() => readHive(id), { key: id, everyMs: EVERY_MS });
  useEffect(
    () => onNews((news) => (news === "missed" || news.some((event) => hiveOf(event.data) === id)) && again()),
    [id],
  );
  const isGone = fault?.status === 404;
  return (
    <>
      <nav class="crumbs" aria-label="Where this is">
        <a href={hrefOf("")}>Fleet</a> / <span>{id}</span>
      </nav>
      {isGone && <Absent title={`There is no hive ${id}`} why={GONE} href={hrefOf("")} where="To the fleet" />}
      {fault && !isGone && <FaultBox fault={fault} onRetry={again} />}
      {value && !isGone && <Hive {...value} />}
    </>
  );
}

async function readHive(id: string) {
  const [hive, liveness, state] = await Promise.all([
    client.value.getHive(id),
    client.value.explainLiveness(id),
    client.value.getHiveState(id),
  ]);
  return { hive, liveness, state, atMs: Date.now() };
}

const hiveOf = (data: unknown): string | undefined => (data as { hive_id?: string }).hive_id;

function Hive({ hive, liveness, state, atMs }: Awaited<ReturnType<typeof readHive>>) {
  const { id, ssh_host: sshHost, ssh_user: sshUser, ssh_port: sshPort } = hive;
  const address = addressText(hive);
  const past = usePast(id);
  const marked = {
    ...liveness,
    status: { value: hive.status, why: liveness.why },
    probation_until_ms: liveness.probation?.until_ms ?? null,
    // Why it is online says that already.
    not_beating: null,
  };
  return (
    <>
      <h1 class="hive-title">
        <span class={`state is-${hive.status}`}>
          <Icon name={hive.status} />
          {hive.status}
        </span>
        <Marks of={marked} />
        <span>{id}</span>
        <Copy text={id} what="id" />
      </h1>
      <p class="facts">
        <span class="copied">
          <span class="mono">{address}</span>
          <Copy text={address} what="address" />
        </span>
        {sshHost !== null && (
          <span class="soft">{`SSH ${sshUser === null ? "" : `${sshUser}@`}${sshHost}:${sshPort ?? 22}`}</span>
        )}
        <LabelChips id={id} labels={hive.labels} />
      </p>
      <div class="actions" role="toolbar" aria-label="Actions on this hive">
        {HIVE_ACTIONS.map((action) => (
          <ActionButton key={action.title} action={action} ids={[id]} />
        ))}
        <WhyDisabled />
      </div>
      <div class="panels">
        <Why liveness={liveness} atMs={atMs} />
        <Devices state={state} devices={hive.devices} atMs={atMs} />
        <Workers workers={state.workers} isLive={state.live} />
        <section class="panel is-wide">
          <h2>Events</h2>
          <EventList past={past} />
        </section>
        <section class="panel is-wide">
          <h2>Operations</h2>
          <OperationsList hiveId={id} />
        </section>
        {sshHost !== null && <HostKeys id={id} />}
        <section class="panel is-wide">
          <details>
            <summary>The record as JSON</summary>
            <pre>{JSON.stringify(hive, null, 2)}</pre>
          </details>
        </section>
      </div>
    </>
  );
}
