import type { FleetRow } from "../state/types.ts";
import { Age } from "./age.tsx";
import { Icon, type IconName } from "./icon.tsx";

type Mark = readonly [icon: IconName, word: string, title: string];

type Marked = Pick<FleetRow, "cordon" | "probation_until_ms" | "unreachable_since_ms" | "not_beating"> & {
  readonly status: Pick<FleetRow["status"], "value" | "why">;
};

/** What is to be known beside the status: each as a sign and a word. */
function marksOf({ status, cordon, probation_until_ms, unreachable_since_ms, not_beating }: Marked): Mark[] {
  const marks: Mark[] = [];
  if (cordon) marks.push(["cordoned", "cordoned", `It gets no new work: ${cordon.reason}`]);
  if (probation_until_ms !== null)
    marks.push(["probation", "probation", "It went on and off too often: no new work for a while"]);
  if (unreachable_since_ms !== null && status.value === "online")
    marks.push(["unreachable", "unreachable", "Its beats come, but its port does not answer"]);
  if (not_beating) marks.push(["unreachable", "not beating", status.why]);
  return marks;
}

export function Status({ row }: { row: FleetRow }) {
  const { value, since_ms: sinceMs, why } = row.status;
  return (
    <span class="status">
      <span class={`state is-${value}`} title={why}>
        <Icon name={value} />
        {value}
        {sinceMs !== null && <Age sinceMs={sinceMs} />}
      </span>
      <Marks of={row} />
    </span>
  );
}

export const Marks = ({ of }: { of: Marked }) => (
  <>
    {marksOf(of).map(([icon, word, title]) => (
      <span key={word} class={`mark is-${icon}`} title={title}>
        <Icon name={icon} />
        {word}
      </span>
    ))}
  </>
);
