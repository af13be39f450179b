import type { FleetRow } from "../state/types.ts";
import { Age } from "./age.tsx";
import { Icon, type IconName } from "./icon.tsx";

type Mark = readonly [icon: IconName, word: string, title: string];

type Marked = Pick<FleetRow, "cordon" | "probation_until_ms" | "unreachable_since_ms">;

/** What is to be known beside the status: each as a sign and a word. */
function marksOf({ cordon, probation_until_ms, unreachable_since_ms }: Marked, status: string): Mark[] {
  const marks: Mark[] = [];
  if (cordon) marks.push(["cordoned", "cordoned", `It gets no new work: ${cordon.reason}`]);
  if (probation_until_ms !== null)
    marks.push(["probation", "probation", "It went on and off too often: no new work for a while"]);
  if (unreachable_since_ms !== null && status === "online")
    marks.push(["unreachable", "unreachable", "Its beats come, but its port does not answer"]);
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
      <Marks of={row} status={value} />
    </span>
  );
}

export const Marks = ({ of, status }: { of: Marked; status: string }) => (
  <>
    {marksOf(of, status).map(([icon, word, title]) => (
      <span key={word} class={`mark is-${word}`} title={title}>
        <Icon name={icon} />
        {word}
      </span>
    ))}
  </>
);
