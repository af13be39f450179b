import { CodedError } from "../../process/errors.ts";

/** Why a list does not go on, or is not sorted as somebody wants it. */
export type ListErrorCode = "LIST_EXPIRED" | "TOO_MANY_TO_SORT";

export class ListError extends CodedError<ListErrorCode> {
  override readonly name = "ListError";
}
