import type { OperationStep } from "@repo/hive-catalog";
import type { HiveAction } from "./actions.ts";

export interface BulkRequest {
  /** What the action is called. */
  readonly name: string;
  readonly action: HiveAction;
  readonly hiveIds: readonly string[];
  /** Of those: what cannot be read, and why. Nothing is done to them. */
  readonly damaged: ReadonlyMap<string, Error>;
  /** Hives on which something is done at a time, the whole of an operation included. */
  readonly parallel: number;
  readonly isDryRun: boolean;
  /** Whether the word on a hive comes when its operation has ended, with the steps before. */
  readonly waits: boolean;
  /** Ends it: nothing more begins, and what has begun is told. */
  readonly signal: AbortSignal;
  /** Whether whoever asked for it may still do so: else nothing more begins either. */
  readonly isAdmitted: () => boolean;
}

/** How it went with one hive: what was done, begun or not needed, or would be; or that it failed, or would. */
export const OUTCOMES = ["done", "begun", "skipped", "failed", "would_do", "would_skip", "would_fail"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The word on one hive. */
export interface HiveLine {
  readonly type: "hive";
  readonly hiveId: string;
  readonly outcome: Outcome;
  readonly detail: string;
  /** What was thrown. */
  readonly error?: unknown;
  readonly operationId?: string;
}

/** A step of an operation on one hive began, or ended. */
interface StepLine {
  readonly type: "step";
  readonly hiveId: string;
  readonly operationId: string;
  readonly step: Readonly<OperationStep>;
}

/** How far all is. */
export interface CountsLine {
  readonly type: "progress" | "end";
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly running: number;
  readonly notBegun: number;
}

export type BulkLine = HiveLine | StepLine | CountsLine;
