import { useEffect } from "preact/hooks";
import { confirmMissing } from "../actions/actions.ts";
import { ActionButton } from "../actions/button.tsx";
import { condition, readCondition } from "../state/health.ts";
import { countText, momentText } from "../words/amounts.ts";

const EVERY_MS = 2000;

/** While the queen marks nobody as offline, and why. */
export function Banner() {
  const now = condition.value;
  const isHeld = now?.state === "mass_failure" || now?.state === "network_lost";
  useEffect(() => {
    if (!isHeld) return;
    // Its beginning and its end are told; that more go missing, or come back, is not.
    const timer = setInterval(() => document.hidden || void readCondition(), EVERY_MS);
    return () => clearInterval(timer);
  }, [isHeld]);
  if (!isHeld) return null;
  const { state, missing, online, until_ms: untilMs } = now;
  const until = untilMs === null ? "for now" : `until ${momentText(untilMs)}`;
  return (
    <div class="banner" role="status">
      <p>
        <b>
          {state === "network_lost"
            ? "No hive at all is heard: the queen may have lost her network."
            : `${missing} of ${countText(online, "online hive")} went missing at once.`}
        </b>{" "}
        None is marked offline {until}.
      </p>
      <ActionButton action={confirmMissing} ids={[]} />
    </div>
  );
}
