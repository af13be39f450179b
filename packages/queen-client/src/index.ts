export { type EventQuery, QueenClient } from "./client.ts";
export { mayPass, type NoAnswerReason, QueenNoAnswer, QueenProblem, UnusableArgument } from "./errors.ts";
export type { Connection } from "./events.ts";
export { gpuKinds } from "./gpu-kinds.ts";
export { keptEvents } from "./kept-events.ts";
export { hivesToLockOut, hivesWithToken } from "./locked-out.ts";
export { firstPlaceOf, isUpTo, placeNumberOf } from "./places.ts";
export type { Call, QueenClientOptions } from "./requests.ts";
export type { Answer, Body, EventData, QueenEvent, Query, Schema } from "./types.ts";
