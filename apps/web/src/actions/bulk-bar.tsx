import { order } from "../state/fleet.ts";
import { tick, ticked } from "../state/ticked.ts";
import { countText } from "../words/amounts.ts";
import { HIVE_ACTIONS } from "./actions.ts";
import { ActionButton, WhyDisabled } from "./button.tsx";

export function BulkBar() {
  const ids = [...ticked.value];
  if (ids.length === 0) return null;
  const shown = new Set(order.value);
  const unseen = ids.filter((id) => !shown.has(id)).length;
  return (
    <div class="bulk" role="toolbar" aria-label="Actions on the ticked hives">
      <b>
        {countText(ids.length, "hive")}
        {unseen > 0 && `, ${unseen} not shown`}
      </b>
      {HIVE_ACTIONS.map((action) => (
        <ActionButton key={action.title} action={action} ids={ids} />
      ))}
      <button type="button" class="quiet" onClick={() => tick(ids, false)}>
        Untick
      </button>
      <WhyDisabled />
    </div>
  );
}
