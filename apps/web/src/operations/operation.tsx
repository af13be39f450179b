import type { Schema } from "@repo/queen-client";
import { useState } from "preact/hooks";
import { Absent } from "../parts/absent.tsx";
import { FaultBox } from "../parts/fault.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { client, type Fault, faultOf } from "../state/api.ts";
import { useAsked } from "../state/ask.ts";
import { hrefOf } from "../state/place.ts";
import { whyReadOnly } from "../state/session.ts";
import { durationText, timeText } from "../words/amounts.ts";

const EVERY_MS = 1000;
const ICONS: Readonly<Record<string, IconName>> = {
  running: "running",
  done: "done",
  succeeded: "done",
  failed: "offline",
  cancelled: "cordoned",
  skipped: "cordoned",
  interrupted: "unreachable",
};

export const OperationState = ({ state }: { state: string }) => (
  <span class={`state is-${state}`}>
    <Icon name={ICONS[state] ?? "unknown"} />
    {state}
  </span>
);

export function OperationView({ id }: { id: string }) {
  const { value, fault, again } = useAsked(() => client.value.getOperation(id), { key: id, everyMs: EVERY_MS });
  const [refusal, setRefusal] = useState<Fault>();
  const cancel = () => {
    setRefusal(undefined);
    void client.value.cancelOperation(id).then(again, (error) => setRefusal(faultOf(error)));
  };
  if (fault?.status === 404) {
    return <Absent title="There is no such operation" why={id} href={hrefOf("operations")} where="To the operations" />;
  }
  if (value === undefined) return fault ? <FaultBox fault={fault} onRetry={again} /> : null;
  const { kind, hive_id: hiveId, state, problem, steps, output_tail: output, created_at_ms: createdAtMs } = value;
  return (
    <>
      <h1>
        {kind} <a href={hrefOf("hives", hiveId)}>{hiveId}</a>
      </h1>
      <p class="facts">
        <OperationState state={state} />
        <span class="soft">begun {timeText(createdAtMs)}</span>
        {state === "running" && (
          <button type="button" disabled={whyReadOnly.value !== undefined} title={whyReadOnly.value} onClick={cancel}>
            Cancel
          </button>
        )}
      </p>
      {refusal && <FaultBox fault={refusal} />}
      {fault && <FaultBox fault={fault} onRetry={again} />}
      {problem !== null && <div class="fault">{problem}</div>}
      <ol class="steps">
        {steps.map((step) => (
          <li key={step.name}>
            <OperationState state={step.state} />
            <b>{step.name.replaceAll("_", " ")}</b>
            <span class="soft">{tookText(step)}</span>
            <span class="detail">{step.detail}</span>
          </li>
        ))}
      </ol>
      {output !== "" && (
        <section>
          <h2>What its programs wrote</h2>
          <pre>{output}</pre>
        </section>
      )}
    </>
  );
}

/** What was skipped, or goes on, took no time. */
const tookText = ({
  state,
  started_at_ms: startedAtMs,
  ended_at_ms: endedAtMs,
}: Schema<"Operation">["steps"][number]): string =>
  endedAtMs === null || state === "skipped" ? "" : durationText(endedAtMs - startedAtMs);
