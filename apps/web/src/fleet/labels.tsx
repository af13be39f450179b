import { hrefOf, place } from "../state/place.ts";
import { withTerm } from "./filters.ts";

/** As many as a row has room for. */
const IN_A_ROW = 4;

/** Labels of a hive; each leads to the hives that have it too. */
export function LabelChips({ labels }: { labels: Readonly<Record<string, string>> }) {
  return (
    <span class="chips">
      <Chips labels={Object.entries(labels)} />
    </span>
  );
}

/** The first ones, and the way to the others. */
export function FirstLabelChips({ id, labels }: { id: string; labels: Readonly<Record<string, string>> }) {
  const all = Object.entries(labels);
  return (
    <span class="chips">
      <Chips labels={all.slice(0, IN_A_ROW)} />
      {all.length > IN_A_ROW && (
        <a class="chip" href={hrefOf("hives", id)} title={`All ${all.length} labels of ${id}`}>
          <span class="key">+{all.length - IN_A_ROW}</span>
        </a>
      )}
    </span>
  );
}

function Chips({ labels }: { labels: readonly (readonly [key: string, value: string])[] }) {
  const query = place.value.view === "" ? place.value.query : new URLSearchParams();
  return (
    <>
      {labels.map(([key, value]) => (
        <a key={key} class="chip" href={withTerm(query, `${key}=${value}`)} title={`Only hives with ${key}=${value}`}>
          <span class="key">{key}</span>
          {value !== "" && <span class="value">{value}</span>}
        </a>
      ))}
    </>
  );
}
