import { tick, ticked } from "../state/ticked.ts";
import { countText } from "../words/amounts.ts";
import { HIVE_ACTIONS } from "./actions.ts";
import { ActionButton, WhyDisabled } from "./button.tsx";

/** What can be done with the hives that are ticked. */
export function BulkBar() {
  const ids = [...ticked.value];
  if (ids.length === 0) return null;
  return (
    <div class="bulk" role="toolbar" aria-label="Actions on the ticked hives">
      <b>{countText(ids.length, "hive")}</b>
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
