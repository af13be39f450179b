import { Icon, type IconName } from "../parts/icon.tsx";
import { hrefOf } from "../state/place.ts";
import type { ActionOnHive } from "../state/types.ts";

const ICONS: Readonly<Record<string, IconName>> = {
  done: "done",
  would_do: "waiting",
  begun: "running",
  failed: "offline",
  would_fail: "offline",
  skipped: "cordoned",
  would_skip: "cordoned",
};

const WORDS: Readonly<Record<string, string>> = {
  would_do: "will be done",
  would_skip: "will be skipped",
  would_fail: "will fail",
};
const wordOf = (outcome: string): string => WORDS[outcome] ?? outcome;

interface Props {
  readonly lines: readonly ActionOnHive[];
  readonly expected: number;
  readonly isRunning: boolean;
}

/** How it went, or would go, hive by hive. */
export function Outcomes({ lines, expected, isRunning }: Props) {
  if (lines.length === 0 && !isRunning) return null;
  const counts = new Map<string, number>();
  for (const { outcome } of lines) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const said = [...counts].map(([outcome, count]) => `${count} ${wordOf(outcome)}`).join(", ");
  return (
    <>
      <p role="status">{isRunning ? `${lines.length} of ${expected}…` : said}</p>
      <ul class="outcomes">
        {lines.map(({ hive_id: id, outcome, detail, operation_id: operation }) => (
          <li key={id} class={`is-${outcome}`}>
            <Icon name={ICONS[outcome] ?? "waiting"} />
            <b class="mono">{id}</b>
            <span>
              {wordOf(outcome)}: {detail}
              {operation !== null && (
                <>
                  {" "}
                  <a href={hrefOf("operations", operation)}>steps</a>
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
