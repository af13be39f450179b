import { expect, test } from "vitest";
import { type Evidence, judge } from "./liveness.ts";

const STALE_AFTER_MS = 60_000;
const FRESH = 59_999;
const STALE = 60_000;

/** A queen that has listened for a long time, if nothing else is said. */
const cases: [name: string, evidence: Omit<Evidence, "listeningMs"> & Partial<Evidence>, status: string][] = [
  ["a fresh beat makes an unknown hive online", { status: "unknown", beatAgeMs: 0, probe: "pending" }, "online"],
  ["a fresh beat makes an offline hive online", { status: "offline", beatAgeMs: FRESH, probe: "failed" }, "online"],
  [
    "a failed probe of a hive that beats changes nothing",
    { status: "online", beatAgeMs: FRESH, probe: "failed" },
    "online",
  ],
  [
    "an answered probe keeps a hive that stopped beating online",
    { status: "online", beatAgeMs: STALE, probe: "answered" },
    "online",
  ],
  [
    "an answered probe makes a hive that never beat online",
    { status: "unknown", beatAgeMs: undefined, probe: "answered" },
    "online",
  ],
  [
    "a stale beat and a failed probe make a hive offline",
    { status: "online", beatAgeMs: STALE, probe: "failed" },
    "offline",
  ],
  [
    "a failed probe makes a hive that only answered probes offline",
    { status: "online", beatAgeMs: undefined, probe: "failed" },
    "offline",
  ],
  [
    "a stale beat alone decides where no probe is allowed",
    { status: "online", beatAgeMs: STALE, probe: "refused" },
    "offline",
  ],
  ["no hive goes offline before it was probed", { status: "online", beatAgeMs: STALE, probe: "pending" }, "online"],
  [
    "an offline hive stays offline before it was probed",
    { status: "offline", beatAgeMs: STALE, probe: "pending" },
    "offline",
  ],
  ["a hive that was never seen stays unknown", { status: "unknown", beatAgeMs: undefined, probe: "failed" }, "unknown"],
  [
    "a hive that beat once is not unknown for ever",
    { status: "unknown", beatAgeMs: STALE, probe: "failed" },
    "offline",
  ],
  [
    "a hive that beat before the queen started has a whole stale age to beat again",
    { status: "online", beatAgeMs: 10 * STALE, probe: "failed", listeningMs: FRESH },
    "online",
  ],
  [
    "the same where no probe is allowed",
    { status: "online", beatAgeMs: 10 * STALE, probe: "refused", listeningMs: FRESH },
    "online",
  ],
  [
    "and goes offline after that",
    { status: "online", beatAgeMs: 11 * STALE, probe: "failed", listeningMs: STALE },
    "offline",
  ],
  [
    "a start of the queen makes no offline hive online",
    { status: "offline", beatAgeMs: STALE, probe: "failed", listeningMs: 0 },
    "offline",
  ],
  [
    "a hive that only answered probes needs no time to beat",
    { status: "online", beatAgeMs: undefined, probe: "failed", listeningMs: 0 },
    "offline",
  ],
];

test.each(cases)("%s", (_name, evidence, status) => {
  expect(judge({ listeningMs: STALE, ...evidence }, STALE_AFTER_MS).status).toBe(status);
});

test("says why a hive is offline", () => {
  const { why } = judge({ status: "online", beatAgeMs: 61_234.4, probe: "failed", listeningMs: STALE }, STALE_AFTER_MS);
  expect(why).toBe("its last heartbeat is 61234 ms old and its last health check failed");
});
