import { setTimeout as delay } from "node:timers/promises";

const DEADLINE_MS = 60_000;
const POLL_MS = 50;

/** An operation as the API tells it. */
export interface OperationJson {
  id: string;
  hive_id: string;
  kind: string;
  state: "running" | "succeeded" | "failed" | "cancelled" | "interrupted";
  problem: string | null;
  steps: { name: string; state: string; ended_at_ms: number | null; detail: string | null }[];
  output_tail: string;
  finished_at_ms: number | null;
}

type Request = (method: "GET" | "POST", path: string) => Promise<{ status: number; body: unknown }>;

/** Begins an operation over HTTP; throws when that is not answered with 202. */
export async function begin(request: Request, kind: string, hiveId: string): Promise<OperationJson> {
  const { status, body } = await request("POST", `/v1/hives/${hiveId}/${kind}`);
  if (status !== 202) throw new Error(`${kind} was answered ${status}: ${JSON.stringify(body)}`);
  return body as OperationJson;
}

/** Waits until it has ended; throws after a minute. Asks seldom, because the operation needs the processor more. */
export async function ended(request: Request, id: string): Promise<OperationJson> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const { status, body } = await request("GET", `/v1/operations/${id}`);
    if (status !== 200) throw new Error(`${id} could not be read: ${JSON.stringify(body)}`);
    const operation = body as OperationJson;
    if (operation.state !== "running") return operation;
    if (performance.now() > deadlineMs) throw new Error(`waited in vain for the end of ${JSON.stringify(operation)}`);
    await delay(POLL_MS);
  }
}

export const operate = async (request: Request, kind: string, hiveId: string): Promise<OperationJson> =>
  ended(request, (await begin(request, kind, hiveId)).id);

/** "connect done", "start skipped", … */
export const stepsOf = ({ steps }: OperationJson): string[] => steps.map(({ name, state }) => `${name} ${state}`);

export const detailOf = ({ steps }: OperationJson, name: string): string | null | undefined =>
  steps.find((step) => step.name === name)?.detail;
