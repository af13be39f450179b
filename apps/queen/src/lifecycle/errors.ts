import { CodedError } from "../process/errors.ts";

/** Why something is not done to a hive, or not found of it. */
export type LifecycleErrorCode =
  | "OPERATION_NOT_FOUND"
  | "OPERATION_FINISHED"
  | "OPERATION_ELSEWHERE"
  | "HIVE_RUNNING"
  | "HIVE_NOT_MANAGED"
  | "PUBLIC_URL_NEEDED"
  | "HOST_KEY_MISMATCH"
  | "HOST_KEY_CHANGED"
  | "SSH_UNREACHABLE"
  | "STOPPING";

export class LifecycleError extends CodedError<LifecycleErrorCode> {
  override readonly name = "LifecycleError";
}

export const operationNotFound = (id: string): LifecycleError =>
  new LifecycleError("OPERATION_NOT_FOUND", `There is no operation ${JSON.stringify(id)}`);
