import { damaged } from "../state/fleet.ts";
import { countText } from "../words/amounts.ts";

/** Rows that another program damaged, which are no rows of the table. */
export function Damaged() {
  if (damaged.value.length === 0) return null;
  return (
    <details class="fault">
      <summary>{countText(damaged.value.length, "row")} of the catalog damaged by another program</summary>
      <ul>
        {damaged.value.map(({ id, column, problem }) => (
          <li key={id}>
            <b>{id}</b>: {column} {problem}
          </li>
        ))}
      </ul>
    </details>
  );
}
