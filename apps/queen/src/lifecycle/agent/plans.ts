import type { OperationRecord } from "@repo/hive-catalog";
import type { Job } from "../job.ts";
import type { Step } from "../operation-run.ts";
import { connect, detectDevices, look, service, start, stop, waitForHealth } from "./agent-steps.ts";
import { prepare, revokeFormerTokens } from "./install-steps.ts";

const running = (job: Job): Step[] => [start(job), waitForHealth(job), detectDevices(job)];
const installing = (job: Job): Step[] => [
  connect(job),
  ...prepare(job),
  service(job),
  stop(job),
  ...running(job),
  revokeFormerTokens(job),
];

/** The steps of each operation. The agent of the queen's own machine is made anew whenever it is started. */
export const PLANS: Record<OperationRecord["kind"], (job: Job) => Step[]> = {
  install: installing,
  start: (job) => {
    if (!job.isLocal) return [connect(job), look(job), ...running(job)];
    return [connect(job), look(job), ...prepare(job), ...running(job), revokeFormerTokens(job)];
  },
  stop: (job) => [connect(job), stop(job)],
  restart: (job) => (job.isLocal ? installing(job) : [connect(job), stop(job), ...running(job)]),
};
