import type { Fault } from "../state/api.ts";
import { ROOT } from "../state/place.ts";

/** Something went wrong: what, under which code, and what can be done. */
export function FaultBox({ fault, onRetry }: { fault: Fault; onRetry?: () => void }) {
  return (
    <div class="fault" role="alert">
      <p>
        {fault.text}{" "}
        {fault.code !== undefined && (
          <a
            href={`${ROOT.pathname}docs`}
            target="_blank"
            rel="noreferrer"
            title="The documentation of the API says more"
          >
            {fault.code}
          </a>
        )}
      </p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
