import type { OperationRecord } from "@repo/hive-catalog";
import type { Job } from "../job.ts";
import type { Outcome, Step } from "../operation-run.ts";
import { connect, detectDevices, look, service, start, stop, waitForHealth } from "./agent-steps.ts";
import { bundle, checkNode, copy, reachQueen, revokeFormerTokens, verify, writeSettings } from "./install-steps.ts";

type Work = (job: Job) => Promise<Outcome>;

const unlessRunning =
  (work: Work): Work =>
  async (job) =>
    job.isRunning ? { skipped: "it runs already" } : work(job);

/** What each step does, by the name that it has in the record of an operation. */
const WORK = {
  connect,
  look,
  check_node: unlessRunning(checkNode),
  reach_queen: unlessRunning(reachQueen),
  bundle: unlessRunning(bundle),
  copy: unlessRunning(copy),
  verify: unlessRunning(verify),
  settings: unlessRunning(writeSettings),
  service,
  stop,
  start: unlessRunning(start),
  health: waitForHealth,
  devices: detectDevices,
  revoke_tokens: revokeFormerTokens,
} satisfies Record<string, Work>;
type Plan = readonly (keyof typeof WORK)[];

/** Brings the agent onto a host and tells it what it needs to know. */
const PREPARE: Plan = ["check_node", "reach_queen", "bundle", "copy", "verify", "settings"];
const RUN: Plan = ["start", "health", "devices"];
const INSTALL: Plan = ["connect", ...PREPARE, "service", "stop", ...RUN, "revoke_tokens"];

const PLANS: Record<OperationRecord["kind"], Plan> = {
  install: INSTALL,
  start: ["connect", "look", ...RUN],
  stop: ["connect", "stop"],
  restart: ["connect", "stop", ...RUN],
};

/** On the queen's own machine the agent is made anew whenever it is started. */
const LOCAL_PLANS: typeof PLANS = {
  ...PLANS,
  start: ["connect", "look", ...PREPARE, ...RUN, "revoke_tokens"],
  restart: INSTALL,
};

export const stepsOf = (kind: OperationRecord["kind"], job: Job): Step[] =>
  (job.isLocal ? LOCAL_PLANS : PLANS)[kind].map((name) => ({ name, work: () => WORK[name](job) }));
