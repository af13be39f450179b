import { ForeseenError } from "../process/errors.ts";

/** Why a step of an operation failed, in one sentence for an operator. */
export class StepError extends ForeseenError {
  override readonly name = "StepError";
}
