import { OPERATION_KINDS, OPERATION_STATES, OperationStep } from "@repo/hive-catalog";
import { z } from "zod";
import type { Operation } from "../openapi/operation.ts";
import { READING, WITH_BODY, WITH_ID, WRITING } from "../openapi/problems.ts";
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "./hives.ts";
import { HostKeyConfirmation, ListOperationsQuery } from "./operations.ts";

const timeMs = z.int().min(0).meta({ description: "Milliseconds since 1970-01-01 UTC" });

const OperationJson = z
  .strictObject({
    id: z.string(),
    hive_id: z.string(),
    kind: z.enum(OPERATION_KINDS),
    state: z.enum(OPERATION_STATES),
    problem: z.string().nullable().meta({ description: "The step that failed, and why; null when none did" }),
    steps: z.array(
      z.strictObject({
        name: z.string(),
        state: OperationStep.shape.state,
        started_at_ms: timeMs,
        ended_at_ms: timeMs.nullable(),
        detail: z.string().nullable().meta({ description: "What came of it, or why it failed or was skipped" }),
      }),
    ),
    output_tail: z
      .string()
      .meta({ description: "The end of what the programs of all steps wrote; no secret is in it" }),
    owner: z.string().meta({ description: "The queen that runs it" }),
    created_at_ms: timeMs,
    deadline_ms: timeMs,
    finished_at_ms: timeMs.nullable(),
  })
  .meta({ id: "Operation", description: "Something that is done to a hive, or was" });

const RUNNING = {
  id: "install-5f897ff4036a8eac",
  hive_id: "hive-prod-01",
  kind: "install",
  state: "running",
  problem: null,
  steps: [
    {
      name: "connect",
      state: "done",
      started_at_ms: 1_761_040_800_010,
      ended_at_ms: 1_761_040_800_310,
      detail: "admin@10.0.1.100:22: Linux x86_64",
    },
    { name: "check_node", state: "running", started_at_ms: 1_761_040_800_311, ended_at_ms: null, detail: null },
  ],
  output_tail: "Linux x86_64\n",
  owner: "queen-1 cd58df01-e485-498e-a2f6-84a1949cfc31 24745 157310 9f86d081",
  created_at_ms: 1_761_040_800_000,
  deadline_ms: 1_761_041_400_000,
  finished_at_ms: null,
};

const OperationPage = z
  .strictObject({
    operations: z.array(OperationJson).meta({ description: "The newest first" }),
    next_after: z.string().nullable().meta({ description: "`after` of the next page; null when this is the last one" }),
  })
  .meta({ id: "OperationPage" });

const offeredKey = {
  key_type: z.string(),
  fingerprint: z.string().meta({ description: "As ssh and ssh-keygen show it" }),
};
const PinnedKeyJson = z.strictObject({ ...offeredKey, pinned_at_ms: timeMs }).meta({ id: "PinnedHostKey" });
const FINGERPRINT = "SHA256:9rIk48X6e41yvssYHk/EBcDPbfjJqlAMiMfKlaoJSBw";
const PINNED = { key_type: "ssh-ed25519", fingerprint: FINGERPRINT, pinned_at_ms: 1_761_040_800_000 };

const HostKeysJson = z
  .strictObject({
    ssh_host: z.string(),
    ssh_port: z.int(),
    pinned: z.array(PinnedKeyJson).meta({ description: "What an operator has confirmed" }),
    offered: z.array(z.strictObject(offeredKey)).meta({ description: "What the host offers now" }),
    problem: z.string().nullable().meta({ description: "Why nothing is offered; null when something is" }),
  })
  .meta({ id: "HostKeys" });

const operation = (description: string) => ({ description, schema: OperationJson, example: RUNNING });

const beginning = (kind: (typeof OPERATION_KINDS)[number], summary: string, description: string): Operation => ({
  method: "post",
  path: `/v1/hives/:id/${kind}`,
  operationId: `${kind}Hive`,
  tag: "lifecycle",
  summary,
  description,
  answers: { 202: { ...operation("It has begun"), headers: { Location: "The path of the operation" } } },
  problems: [
    "HIVE_NOT_MANAGED",
    "OPERATION_IN_PROGRESS",
    "CORRUPT_HIVE",
    "STOPPING",
    ...(kind === "install" ? (["PUBLIC_URL_NEEDED"] as const) : []),
    ...WITH_ID,
    ...WRITING,
  ],
});

export const lifecycleOperations: readonly Operation[] = [
  beginning(
    "install",
    "Install the agent of a hive and start it",
    "Over SSH where the hive has an `ssh_host`, on the machine of the queen where it has none and is at a loopback address. The agent gets a token of its own; those of former installations are revoked.",
  ),
  beginning(
    "start",
    "Start the agent of a hive",
    "One that runs already stays as it is. Ends with the detection of devices.",
  ),
  beginning("stop", "Stop the agent of a hive", "The hive is offline from then on, until its next sign."),
  beginning("restart", "Stop the agent of a hive and start it again", "Ends with the detection of devices."),
  {
    method: "get",
    path: "/v1/operations",
    access: "reader",
    operationId: "listOperations",
    tag: "lifecycle",
    summary: "List operations, the newest first, page by page",
    query: ListOperationsQuery.extend({
      hive_id: ListOperationsQuery.shape.hive_id.meta({ description: "Those of one hive alone" }),
      after: ListOperationsQuery.shape.after.meta({ description: "The `next_after` of the page before" }),
      limit: z.int().min(1).max(MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE).meta({ description: "Operations at most" }),
    }),
    answers: {
      200: { description: "One page", schema: OperationPage, example: { operations: [RUNNING], next_after: null } },
    },
    problems: ["INVALID_ARGUMENT", ...READING],
  },
  {
    method: "get",
    path: "/v1/operations/:operation",
    access: "reader",
    operationId: "getOperation",
    tag: "lifecycle",
    summary: "Read an operation",
    answers: { 200: operation("How far it is, or how it ended") },
    problems: ["OPERATION_NOT_FOUND", "URI_TOO_LONG", "CORRUPT_RECORD", ...READING],
  },
  {
    method: "post",
    path: "/v1/operations/:operation/cancel",
    operationId: "cancelOperation",
    tag: "lifecycle",
    summary: "End an operation that runs",
    description: "What its steps did stays done; a command that was sent to the host may still run to its end there.",
    answers: { 200: operation("It has ended") },
    problems: [
      "OPERATION_NOT_FOUND",
      "OPERATION_FINISHED",
      "OPERATION_ELSEWHERE",
      "URI_TOO_LONG",
      "CORRUPT_RECORD",
      ...READING,
    ],
  },
  {
    method: "get",
    path: "/v1/hives/:id/ssh-host-key",
    operationId: "getHostKeys",
    tag: "lifecycle",
    summary: "Look at the SSH host keys of a hive",
    answers: {
      200: {
        description: "What is pinned, and what the host offers now",
        schema: HostKeysJson,
        example: {
          ssh_host: "10.0.1.100",
          ssh_port: 22,
          pinned: [],
          offered: [{ key_type: "ssh-ed25519", fingerprint: FINGERPRINT }],
          problem: null,
        },
      },
    },
    problems: ["HIVE_NOT_MANAGED", "CORRUPT_HIVE", "CORRUPT_RECORD", ...WITH_ID, ...READING],
  },
  {
    method: "post",
    path: "/v1/hives/:id/ssh-host-key",
    operationId: "confirmHostKey",
    tag: "lifecycle",
    summary: "Confirm the SSH host key of a hive by its fingerprint",
    description:
      "Compare it with what `ssh-keygen -lf` says on the host itself. From then on no other key is accepted.",
    body: { schema: HostKeyConfirmation, examples: { ed25519: { fingerprint: FINGERPRINT } } },
    answers: { 200: { description: "The key is pinned", schema: PinnedKeyJson, example: PINNED } },
    problems: [
      "INVALID_ARGUMENT",
      "HIVE_NOT_MANAGED",
      "HOST_KEY_MISMATCH",
      "HOST_KEY_CHANGED",
      "SSH_UNREACHABLE",
      "CORRUPT_HIVE",
      "CORRUPT_RECORD",
      ...WITH_ID,
      ...WITH_BODY,
      ...WRITING,
    ],
  },
  {
    method: "delete",
    path: "/v1/hives/:id/ssh-host-key",
    operationId: "forgetHostKey",
    tag: "lifecycle",
    summary: "Forget the SSH host keys of a hive",
    description: "For a host that was set up anew: its next connection needs a confirmation again.",
    answers: { 204: { description: "They are gone" } },
    problems: ["HIVE_NOT_MANAGED", "HOST_KEY_NOT_FOUND", "CORRUPT_HIVE", ...WITH_ID, ...WRITING],
  },
];
