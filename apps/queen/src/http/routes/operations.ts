import type { OperationRecord } from "@repo/hive-catalog";
import { rule } from "@repo/hive-catalog/record";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { operationNotFound, Problem } from "../errors.ts";
import { type HivePath, parseBody, parseQuery, pathId } from "../input.ts";
import type { AppParts } from "../parts.ts";
import { ListQuery } from "./hives.ts";

type OperationsParts = Pick<AppParts, "catalog" | "lifecycle">;
interface OperationPath {
  Params: { operation: string };
}

const READER = { config: { access: "reader" } } as const;
const KINDS = ["start", "stop", "restart", "install"] as const;
export const ListOperationsQuery = z.strictObject({
  hive_id: z.string().optional(),
  after: z.string().optional(),
  limit: ListQuery.shape.limit,
});

const FINGERPRINT = rule("must be a fingerprint as ssh shows it: SHA256: and 43 characters of base64");
export const HostKeyConfirmation = z.strictObject({
  fingerprint: z.string(FINGERPRINT).regex(/^SHA256:[A-Za-z0-9+/]{43}$/, FINGERPRINT),
});

/** Starting, stopping and installing hives. What does the work is loaded when it is first needed: the start of the queen must not wait for it. */
export function operationsRoutes(app: FastifyInstance, { catalog, lifecycle }: OperationsParts): void {
  for (const kind of KINDS) {
    app.post<HivePath>(`/v1/hives/:id/${kind}`, async (request, reply) => {
      const operation = await (await lifecycle()).begin(kind, pathId(request));
      return reply.code(202).header("location", `/v1/operations/${operation.id}`).send(operationToJson(operation));
    });
  }

  app.get("/v1/operations", READER, async (request) => {
    const { hive_id: hiveId, after, limit } = parseQuery(ListOperationsQuery, request.query);
    const operations = await catalog.operations.list({ hiveId, after, limit });
    const nextAfter = operations.length < limit ? null : (operations.at(-1)?.id ?? null);
    return { operations: operations.map(operationToJson), next_after: nextAfter };
  });

  app.get<OperationPath>("/v1/operations/:operation", READER, async ({ params }) => {
    const operation = await catalog.operations.get(params.operation);
    if (operation === undefined) throw operationNotFound(params.operation);
    return operationToJson(operation);
  });

  app.post<OperationPath>("/v1/operations/:operation/cancel", async ({ params }) =>
    operationToJson(await (await lifecycle()).cancel(params.operation)),
  );

  app.get<HivePath>("/v1/hives/:id/ssh-host-key", async (request) => {
    const { keysToJson } = await import("../../lifecycle/ssh/host-key-json.ts");
    return keysToJson(await (await lifecycle()).hostKeys.show(pathId(request)));
  });

  app.post<HivePath>("/v1/hives/:id/ssh-host-key", async (request) => {
    const { fingerprint } = parseBody(HostKeyConfirmation, request.body, "INVALID_ARGUMENT");
    const { pinnedToJson } = await import("../../lifecycle/ssh/host-key-json.ts");
    return pinnedToJson(await (await lifecycle()).hostKeys.confirm(pathId(request), fingerprint));
  });

  app.delete<HivePath>("/v1/hives/:id/ssh-host-key", async (request, reply) => {
    const id = pathId(request);
    if (!(await (await lifecycle()).hostKeys.forget(id))) {
      throw new Problem(404, "HOST_KEY_NOT_FOUND", `No host key is pinned for the ssh_host of ${JSON.stringify(id)}`);
    }
    return reply.code(204).send();
  });
}

const operationToJson = (operation: OperationRecord) => ({
  id: operation.id,
  hive_id: operation.hiveId,
  kind: operation.kind,
  state: operation.state,
  problem: operation.problem,
  steps: operation.steps.map(({ name, state, startedAtMs, endedAtMs, detail }) => ({
    name,
    state,
    started_at_ms: startedAtMs,
    ended_at_ms: endedAtMs,
    detail,
  })),
  output_tail: operation.outputTail,
  owner: operation.owner,
  created_at_ms: operation.createdAtMs,
  deadline_ms: operation.deadlineMs,
  finished_at_ms: operation.finishedAtMs,
});
