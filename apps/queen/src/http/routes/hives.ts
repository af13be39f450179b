import {
  type HiveCatalog,
  HiveCatalogError,
  HiveChangesJson,
  type HiveRecord,
  HiveStatus,
  type NewHive,
  NewHiveJson,
  newHiveRecord,
  toHiveRecordJson,
} from "@repo/hive-catalog";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { hiveNotFound, invalidField } from "../errors.ts";
import { checkObject, type HivePath, parseBody, parseQuery, pathId } from "../input.ts";
import type { AppParts } from "../parts.ts";
import { parseHiveFields } from "./hive-fields.ts";

type HivesParts = Pick<
  AppParts,
  "catalog" | "registry" | "liveness" | "cordons" | "detection" | "events" | "statuses" | "lifecycle" | "clock" | "log"
>;

export const DEFAULT_PAGE_SIZE = 100;
export const MAX_PAGE_SIZE = 1000;
const PAGE_SIZE_RULE = `must be a whole number from 1 to ${MAX_PAGE_SIZE}`;

export const ListQuery = z.strictObject({
  status: HiveStatus.optional(),
  after: z.string().optional(),
  limit: z
    .string()
    .regex(/^\d{1,4}$/, { error: PAGE_SIZE_RULE, abort: true })
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= MAX_PAGE_SIZE, PAGE_SIZE_RULE)
    .default(DEFAULT_PAGE_SIZE),
});

/** What a PUT leaves out becomes what it is for a new hive. */
const REPLACEMENT = NewHiveJson.in.omit({ id: true });

export const RemoveQuery = z.strictObject({
  force: z
    .enum(["true", "false"], "must be true or false")
    .default("false")
    .transform((text) => text === "true"),
});

/** CRUD of the catalog over HTTP. What a caller changed, the memory of the fleet learns at once. */
export function hivesRoutes(app: FastifyInstance, parts: HivesParts): void {
  const { catalog, registry, liveness, cordons, detection, events, statuses, lifecycle, clock, log } = parts;

  app.get("/v1/hives", { config: { access: "reader" } }, async (request) =>
    listHives(catalog, parseQuery(ListQuery, request.query)),
  );

  app.post("/v1/hives", async (request, reply) => {
    const hive = await catalog.addHive(parseBody(NewHiveJson, request.body, "INVALID_HIVE"));
    learn(hive);
    log.info({ hive_id: hive.id, host: hive.host, port: hive.port, status: hive.status }, "hive added");
    events.publish("hive_added", { hive_id: hive.id, host: hive.host, port: hive.port, status: hive.status });
    return reply.code(201).header("location", `/v1/hives/${hive.id}`).send(toHiveRecordJson(hive));
  });

  app.get<HivePath>("/v1/hives/:id", { config: { access: "reader" } }, async (request) => {
    const id = pathId(request);
    const hive = await catalog.getHive(id);
    if (hive === undefined) throw hiveNotFound(id);
    return toHiveRecordJson(hive);
  });

  app.put<HivePath>("/v1/hives/:id", async (request) => {
    const id = pathId(request);
    const fields = await parseHiveFields(REPLACEMENT, bodyFor(id, request.body), () => readSound(id));
    const hive = await catalog.updateHive(newHiveRecord({ ...(fields as NewHive), id }, clock.now()));
    learn(hive);
    announceEdit(id);
    return toHiveRecordJson(hive);
  });

  app.patch<HivePath>("/v1/hives/:id", async (request) => {
    const id = pathId(request);
    const changes = await parseHiveFields(HiveChangesJson.in, bodyFor(id, request.body), () => readSound(id));
    const hive = await catalog.patchHive(id, changes);
    learn(hive);
    if (Object.keys(changes).some((field) => field !== "status")) announceEdit(id);
    return toHiveRecordJson(hive);
  });

  app.delete<HivePath>("/v1/hives/:id", async (request, reply) => {
    const id = pathId(request);
    const { force } = parseQuery(RemoveQuery, request.query);
    const wasManaged = (await catalog.operations.list({ hiveId: id, limit: 1 })).length > 0;
    if (wasManaged && !force) await (await lifecycle()).checkRemovable(id);
    const sight = liveness.sights.get(id);
    if (!(await catalog.removeHive(id))) throw hiveNotFound(id);
    // No operation can begin any more; one that just did, or was forced aside, is of no use.
    if (wasManaged) (await lifecycle()).endOf(id);
    if (wasManaged && force) log.warn({ hive_id: id }, "an agent that still runs on the removed hive stays there");
    // A beat or a health check may have noticed it first.
    const isToldAlready = sight !== undefined && liveness.sights.get(id) !== sight;
    registry.remove(id);
    liveness.sights.forget(id);
    detection.forget(id);
    cordons.forget(id);
    log.info({ hive_id: id }, "hive removed");
    if (!isToldAlready) events.publish("hive_removed", { hive_id: id });
    return reply.code(204).send();
  });

  /** A damaged record has nothing that could be sent back. */
  function readSound(id: string): Promise<HiveRecord | undefined> {
    return catalog.getHive(id).catch((error: unknown) => {
      if (error instanceof HiveCatalogError && error.code === "CORRUPT_HIVE") return undefined;
      throw error;
    });
  }

  function announceEdit(id: string): void {
    log.info({ hive_id: id }, "hive changed");
    events.publish("hive_changed", { hive_id: id });
  }

  function learn(hive: HiveRecord): void {
    const was = liveness.sights.get(hive.id)?.status;
    liveness.setByOperator(hive, clock.monotonicNow(), clock.now());
    detection.learn(hive);
    if (was !== undefined && was !== hive.status)
      statuses.announceChange(hive.id, was, hive.status, "it was set over the API");
  }
}

async function listHives(catalog: HiveCatalog, { status, limit, ...query }: z.output<typeof ListQuery>) {
  const damaged: { id: string; column: string; problem: string }[] = [];
  const page = {
    limit,
    ...(query.after !== undefined && { after: query.after }),
    onCorruptHive: ({ id, column, problem }: (typeof damaged)[number]) => void damaged.push({ id, column, problem }),
  };
  const hives = status === undefined ? await catalog.listHives(page) : await catalog.findHivesByStatus(status, page);
  // A short page is the last one.
  const nextAfter = hives.length < limit ? null : (hives.at(-1)?.id ?? null);
  return { hives: hives.map(toHiveRecordJson), next_after: nextAfter, damaged };
}

/** The fields of a hive but its id, which is the one in the path where the body has it. */
function bodyFor(id: string, body: unknown): Record<string, unknown> {
  const { id: given, ...fields } = checkObject(body, "INVALID_HIVE");
  if (given === undefined || given === id) return fields;
  throw invalidField("id", `must be absent or ${JSON.stringify(id)}, the id in the path`, given);
}
