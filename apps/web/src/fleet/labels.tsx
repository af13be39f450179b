import { place } from "../state/place.ts";
import { withTerm } from "./filters.ts";

/** Labels of a hive; each leads to the hives that have it too. */
export function LabelChips({ labels }: { labels: Readonly<Record<string, string>> }) {
  const query = place.value.view === "" ? place.value.query : new URLSearchParams();
  return (
    <span class="chips">
      {Object.entries(labels).map(([key, value]) => (
        <a key={key} class="chip" href={withTerm(query, `${key}=${value}`)} title={`Only hives with ${key}=${value}`}>
          <span class="key">{key}</span>
          {value !== "" && <span class="value">{value}</span>}
        </a>
      ))}
    </span>
  );
}
