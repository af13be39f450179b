import { rule } from "@repo/hive-catalog/record";
import * as z from "zod";
import { keyOf } from "../door/costs.ts";
import { tooMany } from "../door/refusals.ts";
import { Problem } from "../errors.ts";
import { defineRoute } from "../route.ts";
import { durationMsWithin } from "../times.ts";
import { NAME, TEXT } from "./beat-fields.ts";
import { noWorker } from "./no-worker.ts";
import { vramBytesOf, vramGb } from "./query-fields.ts";
import { PLACED_EXAMPLE, PlacedWorkerJson, placedToJson } from "./worker-answer.ts";

const MIN_HOLD_MS = 1000;
const MAX_HOLD_MS = 600_000;
const HOLD = rule(`must be an integer from ${MIN_HOLD_MS} to ${MAX_HOLD_MS}`);

const TOO_MANY_CLAIMS =
  "So many claims are held that no more are made: give back what is not needed, or hold it for less long";

const NewClaim = z
  .strictObject({
    model: NAME.schema,
    hold_ms: z.int(HOLD).min(MIN_HOLD_MS, HOLD).max(MAX_HOLD_MS, HOLD).optional().meta({
      description:
        "After so many milliseconds it ends by itself, if it was not given back and no beat has shown the worker busy since",
    }),
    hold: durationMsWithin("1s", "10m")
      .optional()
      .meta({ description: "The same as a duration, in place of `hold_ms`" }),
    backend: TEXT.schema.optional(),
    min_free_vram_gb: vramGb.optional(),
  })
  .check(({ value: { hold_ms, hold }, issues }) => {
    const refuse = (field: string, message: string) =>
      issues.push({ code: "custom", input: undefined, path: [field], message });
    if (hold === undefined && hold_ms === undefined) refuse("hold_ms", "is required, or hold as a duration");
    if (hold !== undefined && hold_ms !== undefined) refuse("hold", "must be the only one of hold_ms and hold");
  })
  .meta({ id: "ClaimRequest" });

const ClaimJson = z
  .strictObject({
    claim_id: z.string(),
    until_ms: z.int().meta({ description: "When it ends by itself, in milliseconds since 1970" }),
    worker: PlacedWorkerJson,
  })
  .meta({ id: "Claim", description: "A promise of a worker" });

export const claimsRoutes = [
  defineRoute({
    method: "post",
    path: "/v1/workers/claims",
    // It changes nothing that is stored, ends by itself, and is bounded: whoever may ask for the best worker may as well be promised one.
    access: "reader",
    operationId: "claimWorker",
    summary: "Be promised a worker for a while",
    description:
      "The best worker for the model, of which no more is promised and handed out than it has slots: one that does not say both `running` and `slots` is promised to one caller alone. Held in memory: a queen that is restarted knows no claims, and two queens on one catalog know nothing of each other's. The last word is the server's: be ready for its 503.",
    body: { schema: NewClaim, examples: { for_half_a_minute: { model: "llama-3-8b", hold_ms: 30_000 } } },
    answer: {
      status: 201,
      description: "The claim",
      schema: ClaimJson,
      example: {
        claim_id: "0b7c1f9e-6a57-4c3e-9d0b-2f1a8e5d4c3b",
        until_ms: 1_761_040_830_000,
        worker: PLACED_EXAMPLE,
      },
    },
    problems: ["NO_WORKER"],
  }).handle(async (request, { fleet, costs, clock }) => {
    const { assignments } = fleet;
    const { model, backend, hold, hold_ms: holdMs = hold ?? 0, min_free_vram_gb: minFreeGb } = request.body;
    await fleet.cordons.ready();
    const onScanned = (scanned: number) => costs.countScanned(request, scanned);
    const query = {
      model: fleet.registry.knownAs(model),
      backend,
      minFreeVramBytes: vramBytesOf(minFreeGb),
      onScanned,
    };
    const made = assignments.claim(query, holdMs, keyOf(request));
    if (made === "full") throw tooMany(TOO_MANY_CLAIMS, 1);
    if (made === undefined) throw noWorker(query, fleet);
    const untilMs = clock.now() + holdMs;
    return { claim_id: made.claim.id, until_ms: Math.round(untilMs), worker: placedToJson(made.placed) };
  }),
  defineRoute({
    method: "delete",
    path: "/v1/workers/claims/:claim",
    access: "reader",
    operationId: "releaseClaim",
    summary: "Give a claim back before it ends",
    description: "Whose token made it, or an operator's.",
    answer: { status: 204, description: "It has ended" },
    problems: ["CLAIM_NOT_FOUND"],
  }).handle(async (request, { fleet: { assignments } }) => {
    const claim = assignments.claimOf(request.params.claim);
    const isTheirs = request.caller?.role === "operator" || claim?.holder === keyOf(request);
    if (claim === undefined || !isTheirs) throw claimNotFound();
    assignments.end(claim);
  }),
];

const claimNotFound = () =>
  new Problem("CLAIM_NOT_FOUND", "There is no claim of this id that this caller made, or it has ended");
