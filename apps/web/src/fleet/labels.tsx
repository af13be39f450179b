import { hrefOf, place } from "../state/place.ts";
import { withTerm } from "./filters.ts";

interface Props {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** So many at most, and the way to the others. */
  readonly max?: number;
}

/** Labels of a hive; each leads to the hives that have it too. */
export function LabelChips({ id, labels, max = Number.POSITIVE_INFINITY }: Props) {
  const query = place.value.view === "" ? place.value.query : new URLSearchParams();
  const all = Object.entries(labels);
  return (
    <span class="chips">
      {all.slice(0, max).map(([key, value]) => (
        <a key={key} class="chip" href={withTerm(query, `${key}=${value}`)} title={`Only hives with ${key}=${value}`}>
          <span class="key">{key}</span>
          {value !== "" && <span class="value">{value}</span>}
        </a>
      ))}
      {all.length > max && (
        <a class="chip" href={hrefOf("hives", id)} title={`All ${all.length} labels of ${id}`}>
          <span class="key">+{all.length - max}</span>
        </a>
      )}
    </span>
  );
}
