import { Icon, type IconName } from "../parts/icon.tsx";
import { fault, totals } from "../state/fleet.ts";
import { hrefOf, place } from "../state/place.ts";
import type { FleetTotals } from "../state/types.ts";

interface Count {
  readonly field: keyof FleetTotals;
  readonly word: string;
  readonly icon?: IconName;
  /** What finds these hives. */
  readonly filter: Readonly<Record<string, string>>;
}

const COUNTS: readonly Count[] = [
  { field: "total", word: "all", filter: {} },
  { field: "offline", word: "offline", icon: "offline", filter: { status: "offline" } },
  { field: "unknown", word: "unknown", icon: "unknown", filter: { status: "unknown" } },
  { field: "online", word: "online", icon: "online", filter: { status: "online" } },
  { field: "cordoned", word: "cordoned", icon: "cordoned", filter: { cordoned: "true" } },
  { field: "on_probation", word: "on probation", icon: "probation", filter: { on_probation: "true" } },
  { field: "unreachable", word: "unreachable", icon: "unreachable", filter: { unreachable: "true" } },
];

/** How the fleet is, in figures that lead to those hives. */
export function Counts() {
  const counted = totals.value;
  if (counted === undefined) return fault.value === undefined ? <div class="counts" /> : null;
  return (
    <ul class="counts" aria-label="Hives by state">
      {COUNTS.map(({ field, word, icon, filter }) => {
        const content = (
          <>
            {icon && <Icon name={icon} />}
            <b>{counted[field].toLocaleString("en")}</b> {word}
          </>
        );
        const className = `count is-${word.split(" ").at(-1)} ${counted[field] === 0 ? "is-zero" : ""}`;
        return (
          <li key={field}>
            <a
              class={className}
              href={hrefOf("", undefined, keeping(filter))}
              aria-current={isOn(filter) ? "true" : undefined}
            >
              {content}
            </a>
          </li>
        );
      })}
    </ul>
  );
}

/** Only how the table looks is kept beside the filter. */
function keeping(filter: Readonly<Record<string, string>>): URLSearchParams {
  const { query } = place.value;
  const kept = ["sort", "group_by", "cols"].flatMap((name) =>
    query.get(name) ? [[name, query.get(name) as string]] : [],
  );
  return new URLSearchParams([...Object.entries(filter), ...kept]);
}

function isOn(filter: Readonly<Record<string, string>>): boolean {
  const { query } = place.value;
  const named = new Set(COUNTS.flatMap((count) => Object.keys(count.filter)).filter((name) => query.has(name)));
  return (
    named.size === Object.keys(filter).length &&
    Object.entries(filter).every(([name, value]) => query.get(name) === value)
  );
}
