import { whyReadOnly } from "../state/session.ts";
import type { Action } from "./actions.ts";
import { openDialog } from "./dialog.tsx";

/** Opens the dialog of an action; says why where it may not be done. */
export function ActionButton({ action, ids }: { action: Action; ids: readonly string[] }) {
  const why = whyReadOnly.value;
  return (
    <button
      type="button"
      class={action.isDangerous ? "danger" : ""}
      disabled={why !== undefined}
      title={why ?? action.what}
      onClick={() => openDialog(action, ids)}
    >
      {action.title}
    </button>
  );
}

/** The same in words, for whoever has no pointer to rest on a button. */
export const WhyDisabled = () => whyReadOnly.value && <span class="hint">{whyReadOnly.value}.</span>;
