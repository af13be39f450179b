/** Why a step of an operation failed, in one sentence for an operator. */
export class StepError extends Error {
  override readonly name = "StepError";
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
