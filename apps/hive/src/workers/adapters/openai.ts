import * as z from "zod";
import {
  type Adapter,
  AnotherServer,
  HEALTHY,
  loading,
  type Reading,
  type ServerReading,
  troubleOf,
} from "../adapter.ts";
import type { Answer, Ask } from "../ask.ts";
import { listOf, objectOf, text } from "../lenient.ts";

const Models = objectOf({ data: listOf(z.object({ id: z.string().min(1), owned_by: text })) });

/** The models that `/v1/models` of any server that speaks as OpenAI's lists. */
export const modelsIn = (json: unknown): z.output<typeof Models>["data"] => Models.parse(json).data;

/** The names of those that an answer lists; without any, the one that is known otherwise. */
export function servedBy({ status, json }: Answer, otherwise: string | null): (string | null)[] {
  const served = status === 200 ? modelsIn(json).map(({ id }) => id) : [];
  return served.length > 0 ? served : [otherwise];
}

/** Any other server that an operator named: it says which models it serves, and nothing of how busy it is. */
export const openai: Adapter = {
  kind: "openai",
  program: undefined,
  paths: ["/v1/models"],
  async identify() {
    return "openai";
  },
  open:
    () =>
    ({ ask }) =>
      read(ask),
};

/** Also of one without a model, that some write as null. */
const isList = (json: unknown): boolean => typeof json === "object" && json !== null && "data" in json;

async function read(ask: Ask): Promise<ServerReading> {
  const answer = await ask("/v1/models");
  if (answer.status === 503) return { readings: [loading(null)] };
  if (answer.status !== 200) return { readings: [troubleOf(answer, "/v1/models", null)] };
  if (!isList(answer.json)) throw new AnotherServer("it lists no models");
  const readings = modelsIn(answer.json).map(({ id }): Reading => ({ model: id, state: "Idle", health: HEALTHY }));
  return { readings, hasManyModels: true };
}
