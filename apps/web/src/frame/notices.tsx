import { useComputed } from "@preact/signals";
import { now } from "../state/clock.ts";
import { isOutdated, lostAtMs } from "../state/live.ts";
import { durationText } from "../words/amounts.ts";

/** A stream that is made anew at once is nothing to worry about. */
const PATIENCE_MS = 5000;

/** What is to be known of the page itself. */
export function Notices() {
  const lostMs = useComputed(() => (lostAtMs.value === null ? 0 : now.value - lostAtMs.value)).value;
  return (
    <div role="status" class="notices">
      {lostMs >= PATIENCE_MS && (
        <p class="notice">Nothing is heard of the queen for {durationText(lostMs)}: what is shown may be old.</p>
      )}
      {isOutdated.value && (
        <p class="notice">
          The queen was updated.{" "}
          <button type="button" onClick={() => location.reload()}>
            Reload
          </button>
        </p>
      )}
    </div>
  );
}
