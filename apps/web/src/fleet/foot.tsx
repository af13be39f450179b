import { Copy } from "../parts/copy.tsx";
import { hasMore, MAX_ROWS, order, showMore, totals } from "../state/fleet.ts";
import { place } from "../state/place.ts";
import { queenHere } from "../state/session.ts";
import { fleetCommand } from "../words/command.ts";

export function Foot() {
  const shown = order.value?.length ?? 0;
  const command = fleetCommand(queenHere(), place.value.query);
  return (
    <footer class="foot">
      <span class="soft">
        {hasMore.value ? `The first ${shown}` : shown} of {totals.value?.total.toLocaleString("en")} hives
        {hasMore.value && shown >= MAX_ROWS && ": filter to see others"}
      </span>
      {hasMore.value && shown < MAX_ROWS && (
        <button type="button" onClick={showMore}>
          Show more
        </button>
      )}
      <span class="command">
        <code>{command}</code>
        <Copy text={command} what="command" />
      </span>
    </footer>
  );
}
