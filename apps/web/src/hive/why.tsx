import type { Schema } from "@repo/queen-client";
import type { ComponentChildren } from "preact";
import { Age } from "../parts/age.tsx";
import { Icon } from "../parts/icon.tsx";
import { durationText, momentText, timeText } from "../words/amounts.ts";

/** Why the hive is online or not, and whether it gets work, in words. */
export function Why({ liveness, atMs }: { liveness: Schema<"HiveLiveness">; atMs: number }) {
  const { status, why, why_not: whyNot, cordon, probation, probes, changes, beat_age_ms: beatAge } = liveness;
  const { stale_after_ms: staleAfter, unreachable_since_ms: unreachable, two_senders: two, contactable } = liveness;
  return (
    <section class="panel">
      <h2>Why it is {status}</h2>
      <p>{why[0]?.toUpperCase() + why.slice(1)}.</p>
      <dl class="pairs">
        <Pair name="Last beat">
          {beatAge === null ? "never" : <Age sinceMs={atMs - beatAge} suffix=" ago" />}
          <span class="soft"> · stale after {durationText(staleAfter)}</span>
        </Pair>
        <Pair name="Takes work">{whyNot === null ? "yes" : `no: ${whyNot}`}</Pair>
        {cordon && (
          <Pair name="Cordoned">
            <span>{cordon.reason}</span>
            <span class="soft">
              {" "}
              · {cordon.until_ms === null ? "until it is lifted" : `until ${timeText(cordon.until_ms)}`}
            </span>
          </Pair>
        )}
        {probation && (
          <Pair name="On probation">until {timeText(probation.until_ms)}: it went on and off too often</Pair>
        )}
        {unreachable !== null && <Pair name="Unreachable">health checks fail since {timeText(unreachable)}</Pair>}
        {two && <Pair name="Two senders">two machines beat under this id: {two.addresses.join(", ")}</Pair>}
        {!contactable && <Pair name="Contact">the queen may not contact this host</Pair>}
      </dl>
      <h3>Health checks</h3>
      {probes.length === 0 && <p class="soft">None yet.</p>}
      <ul class="probes">
        {probes.toReversed().map((probe) => (
          <li key={probe.at_ms}>
            <span class={`state is-${probe.outcome === "answered" ? "online" : "offline"}`}>
              <Icon name={probe.outcome === "answered" ? "done" : "offline"} />
              {probe.outcome}
            </span>
            <time class="soft">{momentText(probe.at_ms)}</time>
            <span class="soft">{probe.problem ?? `${probe.took_ms} ms`}</span>
          </li>
        ))}
      </ul>
      {changes.length > 0 && <h3>Changes since the queen started</h3>}
      <ul class="probes">
        {changes.toReversed().map((change) => (
          <li key={change.at_ms}>
            <time class="soft">{momentText(change.at_ms)}</time>
            <span>{`${change.was} → ${change.status}`}</span>
            <span class="soft">{change.why}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const Pair = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
