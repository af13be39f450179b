import * as z from "zod";
import { rulesOf, time } from "./fields.ts";
import { recordId } from "./texts.ts";

/** Times are by the clock of the database: those of two queens can be compared. */
export const queenFields = {
  /** Of one start of a queen. */
  id: recordId("id"),
  startedAtMs: time("started_at_ms"),
  /** When she last said that she runs. */
  seenAtMs: time("seen_at_ms"),
};

/** A queen that runs on the catalog. */
export const QueenRecord = z.strictObject(rulesOf(queenFields));
export type QueenRecord = z.infer<typeof QueenRecord>;
