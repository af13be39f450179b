import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { confirmMissing } from "../actions/actions.ts";
import { ActionButton } from "../actions/button.tsx";
import { catalogFault, condition, otherQueens, readCondition } from "../state/health.ts";
import { countText, momentText } from "../words/amounts.ts";

/** That it begins, goes on or ends is mostly told by nobody. */
const EVERY_MS = 5000;
const EVERY_MS_WHILE_SHOWN = 2000;

/**
 * At the foot of every view: what keeps the queen from looking after the fleet as she should, and what to do; then what else a view says there. What
 * comes by itself comes below, where it moves no row.
 */
export function Dock({ children }: { children?: ComponentChildren }) {
  const state = condition.value?.state;
  const isHeld = state === "mass_failure" || state === "network_lost";
  const isShown = isHeld || catalogFault.value !== undefined || otherQueens.value > 0;
  useEffect(() => void readCondition(), []);
  useEffect(() => {
    const everyMs = isShown ? EVERY_MS_WHILE_SHOWN : EVERY_MS;
    const timer = setInterval(() => document.hidden || void readCondition(), everyMs);
    return () => clearInterval(timer);
  }, [isShown]);
  return (
    <div class="dock">
      <CatalogFault />
      <OtherQueens />
      {isHeld && <HeldMarks />}
      {children}
    </div>
  );
}

function CatalogFault() {
  if (catalogFault.value === undefined) return null;
  return (
    <Banner title={`The queen can store nothing: the catalog ${catalogFault.value}.`}>
      She goes on by herself once that is over; what was answered before is kept.
    </Banner>
  );
}

function OtherQueens() {
  const others = otherQueens.value;
  if (others === 0) return null;
  const who = others === 1 ? "Another queen runs" : `${others} other queens run`;
  return (
    <Banner title={`${who} on this catalog, which is made for one.`}>
      Queens that judge the same hives may disagree: let one run, and stop the others, which each names in her log.
    </Banner>
  );
}

/** While the queen marks nobody as offline, and why. */
function HeldMarks() {
  if (condition.value === undefined) return null;
  const { state, missing, online, until_ms: untilMs } = condition.value;
  const title =
    state === "network_lost"
      ? "No hive at all is heard: the queen may have lost her network."
      : `${missing} of ${countText(online, "online hive")} went missing at once.`;
  return (
    <Banner title={title} action={<ActionButton action={confirmMissing} ids={[]} />}>
      None is marked offline {untilMs === null ? "for now" : `until ${momentText(untilMs)}`}.
    </Banner>
  );
}

interface Props {
  readonly title: string;
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}

const Banner = ({ title, action, children }: Props) => (
  <div class="banner" role="status">
    <p>
      <b>{title}</b> {children}
    </p>
    {action}
  </div>
);
