import { until } from "../until.ts";

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

/** Waits until it has ended. */
export function ended(request: Request, id: string): Promise<OperationJson> {
  return until(`${id} has ended`, async () => {
    const { status, body } = await request("GET", `/v1/operations/${id}`);
    if (status !== 200) throw new Error(`${id} could not be read: ${JSON.stringify(body)}`);
    return (body as OperationJson).state !== "running" && (body as OperationJson);
  });
}

export const operate = async (request: Request, kind: string, hiveId: string): Promise<OperationJson> =>
  ended(request, (await begin(request, kind, hiveId)).id);

/** "connect done", "start skipped", … */
export const stepsOf = ({ steps }: OperationJson): string[] => steps.map(({ name, state }) => `${name} ${state}`);

export const detailOf = ({ steps }: OperationJson, name: string): string | null | undefined =>
  steps.find((step) => step.name === name)?.detail;
