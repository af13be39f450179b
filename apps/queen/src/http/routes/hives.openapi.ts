import { HiveChangesJson, HiveRecordJson, NewHiveJson } from "@repo/hive-catalog";
import { z } from "zod";
import type { Operation } from "../openapi/operation.ts";
import { READING, WITH_BODY, WITH_ID, WRITING } from "../openapi/problems.ts";
import { DEFAULT_PAGE_SIZE, ListQuery, MAX_PAGE_SIZE } from "./hives.ts";

export const HIVE_EXAMPLE = {
  id: "hive-prod-01",
  host: "10.0.1.100",
  port: 8600,
  ssh_host: "10.0.1.100",
  ssh_port: 22,
  ssh_user: "admin",
  status: "online",
  last_heartbeat_ms: 1_761_040_800_000,
  devices: { cpu: { cores: 16, ram_gb: 64 }, gpus: [{ index: 0, name: "NVIDIA RTX 4090", vram_gb: 24 }] },
  created_at_ms: 1_761_000_000_000,
  updated_at_ms: 1_761_040_800_000,
};

const stored = { id: z.string(), host: z.string(), ssh_host: z.string().nullable(), ssh_user: z.string().nullable() };
const amount = z.int().min(0);
const StoredDevices = z.strictObject({
  cpu: z.strictObject({ cores: amount, ram_gb: amount }).nullable(),
  gpus: z.array(z.strictObject({ index: amount, name: z.string(), vram_gb: amount, backend: z.string().optional() })),
});

/** What is asked of input is not promised of what other programs have stored. */
const StoredHive = z
  .strictObject({ ...HiveRecordJson.in.shape, ...stored, devices: StoredDevices.nullable() })
  .meta({ id: "StoredHive", description: "A hive, as the catalog stores it" });

const HivePage = z
  .strictObject({
    hives: z.array(StoredHive).meta({ description: "By id" }),
    next_after: z.string().nullable().meta({ description: "`after` of the next page; null when this is the last one" }),
    damaged: z
      .array(z.strictObject({ id: z.string(), column: z.string(), problem: z.string() }))
      .meta({ description: "Rows of this page that another program damaged, and that are left out" }),
  })
  .meta({ id: "HivePage" });

const hive = (description: string) => ({ description, schema: StoredHive, example: HIVE_EXAMPLE });

export const hivesOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/hives",
    access: "reader",
    operationId: "listHives",
    tag: "hives",
    summary: "List hives by id, page by page",
    query: ListQuery.extend({
      after: ListQuery.shape.after.meta({ description: "The `next_after` of the page before" }),
      // In a query string everything is text, but a client has a number.
      limit: z.int().min(1).max(MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE).meta({ description: "Hives at most" }),
    }),
    answers: {
      200: {
        description: "One page",
        schema: HivePage,
        example: { hives: [HIVE_EXAMPLE], next_after: null, damaged: [] },
      },
    },
    problems: ["INVALID_ARGUMENT", ...READING],
  },
  {
    method: "post",
    path: "/v1/hives",
    operationId: "addHive",
    tag: "hives",
    summary: "Add a hive",
    description: "`id`, `host` and `port` are required. A hive never registers itself.",
    body: {
      schema: NewHiveJson,
      examples: {
        local: { id: "localhost", host: "127.0.0.1", port: 8600 },
        over_ssh: {
          id: "hive-prod-01",
          host: "10.0.1.100",
          port: 8600,
          ssh_host: "10.0.1.100",
          ssh_port: 22,
          ssh_user: "admin",
        },
      },
    },
    answers: { 201: { ...hive("The hive as stored"), headers: { Location: "The path of the hive" } } },
    problems: ["INVALID_HIVE", "HIVE_ALREADY_EXISTS", ...WITH_BODY, ...WRITING],
  },
  {
    method: "get",
    path: "/v1/hives/:id",
    access: "reader",
    operationId: "getHive",
    tag: "hives",
    summary: "Read a hive",
    answers: { 200: hive("The hive") },
    problems: ["CORRUPT_HIVE", ...WITH_ID, ...READING],
  },
  {
    method: "put",
    path: "/v1/hives/:id",
    operationId: "replaceHive",
    tag: "hives",
    summary: "Replace a hive",
    description:
      "What is left out becomes what it is for a new hive. Times are checked and then ignored. A field that is sent back as it is stored is held to no rule. Never creates a hive.",
    body: {
      schema: NewHiveJson.in.partial({ id: true }),
      examples: { moved: { host: "10.0.1.101", port: 8600 }, read_before: HIVE_EXAMPLE },
    },
    answers: { 200: hive("The hive as stored") },
    problems: ["INVALID_HIVE", "CORRUPT_HIVE", ...WITH_ID, ...WITH_BODY, ...WRITING],
  },
  {
    method: "patch",
    path: "/v1/hives/:id",
    operationId: "changeHive",
    tag: "hives",
    summary: "Change the fields that are named",
    description:
      "A JSON merge patch at the top level: `devices` is replaced as a whole, null clears. A field that is sent back as it is stored is held to no rule.",
    body: {
      schema: HiveChangesJson.in.extend({ id: HiveRecordJson.in.shape.id.optional() }),
      examples: { moved: { port: 8601 }, without_ssh: { ssh_host: null, ssh_port: null, ssh_user: null } },
      types: ["application/merge-patch+json", "application/json"],
    },
    answers: { 200: hive("The hive as stored") },
    problems: ["INVALID_HIVE", "CORRUPT_HIVE", ...WITH_ID, ...WITH_BODY, ...WRITING],
  },
  {
    method: "delete",
    path: "/v1/hives/:id",
    operationId: "removeHive",
    tag: "hives",
    summary: "Remove a hive",
    description:
      "Not while an operation on it runs, nor while its agent runs because the queen started it: stop it first. A damaged record can be removed, too.",
    query: z.strictObject({
      force: z
        .boolean()
        .default(false)
        .meta({ description: "Remove it all the same, for a host that is gone: an agent that still runs there stays" }),
    }),
    answers: { 204: { description: "It is gone" } },
    problems: ["INVALID_ARGUMENT", "OPERATION_IN_PROGRESS", "HIVE_RUNNING", ...WITH_ID, ...WRITING],
  },
];
