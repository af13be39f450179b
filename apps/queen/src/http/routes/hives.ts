import { HiveChangesJson, type HiveRecord, HiveRecordJson, type Labels, NewHiveJson } from "@repo/hive-catalog";
import * as z from "zod";
import { changeHive, withLabels } from "../../fleet/hive-changes.ts";
import { readHive } from "../../fleet/read-hive.ts";
import { onCatalogError } from "../../process/errors.ts";
import { invalidField } from "../errors.ts";
import { checkObject, parseBody } from "../input.ts";
import { NDJSON } from "../lines.ts";
import type { AppParts } from "../parts.ts";
import { WRITING } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { addedLines, addHives, LINES_DESCRIPTION, readLines } from "./hive-additions.ts";
import { parseHiveFields, replacement } from "./hive-fields.ts";
import { HIVE_EXAMPLE, hiveToJson, OVER_SSH, StoredHive } from "./hive-json.ts";
import { flag } from "./query-fields.ts";

const hive = (description: string) => ({ description, schema: StoredHive, example: HIVE_EXAMPLE });

/** CRUD of the catalog over HTTP. What a caller changed, the memory of the fleet learns at once. */
export const hivesRoutes = [
  defineRoute({
    method: "post",
    path: "/v1/hives",
    operationId: "addHive",
    summary: "Add a hive",
    description: `\`id\`, \`host\` and \`port\` are required. A hive never registers itself.\n\n${LINES_DESCRIPTION}`,
    body: {
      schema: NewHiveJson,
      code: "INVALID_HIVE",
      read: (body) => (Buffer.isBuffer(body) ? readLines(body) : parseBody(NewHiveJson, body, "INVALID_HIVE")),
      types: ["application/json", NDJSON],
      examples: { local: { id: "localhost", host: "127.0.0.1", port: 8600 }, over_ssh: OVER_SSH },
    },
    answerOfLines: addedLines,
    answer: {
      status: 201,
      ...hive("The hive as stored"),
      headers: { Location: "The path of the hive" },
    },
    problems: ["HIVE_ALREADY_EXISTS", "STOPPING", ...WRITING],
  }).handle(async ({ body }, parts, reply) => {
    if (Array.isArray(body)) return addHives(body, parts, reply);
    const { catalog, fleet } = parts;
    const { id, labels = {} } = body;
    const hive = await fleet.turns.take(id, async () => {
      const added = await catalog.addHive(body);
      fleet.added(added, labels);
      return added;
    });
    reply.header("location", `/v1/hives/${hive.id}`);
    return hiveToJson(hive, labels);
  }),
  defineRoute({
    method: "get",
    path: "/v1/hives/:id",
    access: "reader",
    operationId: "getHive",
    summary: "Read a hive",
    answer: hive("The hive"),
    problems: ["CORRUPT_HIVE"],
  }).handle(async ({ params: { id } }, parts) => answerOf(await withLabels(await readHive(id, parts), parts))),
  defineRoute({
    method: "put",
    path: "/v1/hives/:id",
    operationId: "replaceHive",
    summary: "Replace a hive",
    description:
      "What is left out becomes what it is for a new hive, but for what the queen finds out by herself: `status` and `devices` stay as they are unless they are named; without `labels` it has none then. Times are checked and then ignored. A field that is sent back as it is stored is held to no rule. Never creates a hive.",
    body: {
      schema: NewHiveJson.in
        .partial({ id: true })
        .meta({ id: "HiveReplacement", description: "All that a hive is to be" }),
      code: "INVALID_HIVE",
      read: readObject,
      examples: { moved: { host: "10.0.1.101", port: 8600 }, read_before: HIVE_EXAMPLE },
    },
    answer: hive("The hive as stored"),
    problems: ["CORRUPT_HIVE", ...WRITING],
  }).handle(async ({ params: { id }, body }, parts) => {
    const { labels = {}, ...fields } = await parseHiveFields(NewHiveJson.in.omit({ id: true }), bodyFor(id, body), () =>
      readSound(id, parts),
    );
    const changes = { ...replacement(fields), labels };
    return answerOf(await changeHive(id, changes, parts, { replacesLabels: true }));
  }),
  defineRoute({
    method: "patch",
    path: "/v1/hives/:id",
    operationId: "changeHive",
    summary: "Change the fields that are named",
    description:
      "A JSON merge patch at the top level: `devices` is replaced as a whole, `labels` are merged key by key, null clears. A field that is sent back as it is stored is held to no rule.",
    body: {
      schema: HiveChangesJson.in
        .extend({ id: HiveRecordJson.in.shape.id.optional() })
        .meta({ id: "HiveChanges", description: "The fields of a hive to change" }),
      code: "INVALID_HIVE",
      read: readObject,
      examples: {
        moved: { port: 8601 },
        labelled: { labels: { env: "prod", drained: null } },
        without_ssh: { ssh_host: null, ssh_port: null, ssh_user: null },
      },
      types: ["application/merge-patch+json", "application/json"],
    },
    answer: hive("The hive as stored"),
    problems: ["CORRUPT_HIVE", ...WRITING],
  }).handle(async ({ params: { id }, body }, parts) => {
    const changes = await parseHiveFields(HiveChangesJson.in, bodyFor(id, body), () => readSound(id, parts));
    return answerOf(await changeHive(id, changes, parts));
  }),
  defineRoute({
    method: "delete",
    path: "/v1/hives/:id",
    operationId: "removeHive",
    summary: "Remove a hive",
    description:
      "Not while an operation on it runs, nor while its agent runs because the queen started it: stop it first. A damaged record can be removed, too.",
    query: z.strictObject({
      force: flag.meta({
        description: "Remove it all the same, for a host that is gone: an agent that still runs there stays",
      }),
    }),
    answer: { status: 204, description: "It is gone" },
    problems: ["OPERATION_IN_PROGRESS", "HIVE_RUNNING", ...WRITING],
  }).handle(({ params: { id }, query }, { lifecycle }) => lifecycle.removal.remove(id, query)),
];

const answerOf = ({ hive, labels }: { hive: HiveRecord; labels: Labels }) => hiveToJson(hive, labels);

/** A damaged record has nothing that could be sent back. */
function readSound(id: string, { catalog }: AppParts): Promise<HiveRecord | undefined> {
  return catalog.getHive(id).catch(onCatalogError("CORRUPT_HIVE", () => undefined));
}

/** What the stored hive allows shows only when it has been read. */
function readObject(body: unknown): Record<string, unknown> {
  return checkObject(body, "INVALID_HIVE");
}

/** The fields of a hive but its id, which is the one in the path where the body has it. */
function bodyFor(id: string, { id: given, ...fields }: Record<string, unknown>): Record<string, unknown> {
  if (given === undefined || given === id) return fields;
  throw invalidField("id", `must be absent or ${JSON.stringify(id)}, the id in the path`, given);
}
