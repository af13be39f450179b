import type { ComponentChildren } from "preact";
import type { Fault } from "../state/api.ts";
import { ROOT } from "../state/place.ts";

interface Props {
  readonly fault: Fault;
  readonly onRetry?: () => void;
  /** What else can be done. */
  readonly children?: ComponentChildren;
}

/** Something went wrong: what, under which code, and what can be done. */
export function FaultBox({ fault, onRetry, children }: Props) {
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
      {children}
    </div>
  );
}
