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
import { flag, listOf, objectOf, text } from "../lenient.ts";

/** Those that load a model when it is asked for say so whether it is loaded: llama.cpp's router, llama-swap, `transformers serve`. */
const Status = objectOf({ value: text, failed: flag });
const Model = z.object({ id: z.string().min(1), owned_by: text, status: Status });
const Models = objectOf({ data: listOf(Model) });

/** The models that `/v1/models` of any server that speaks as OpenAI's lists. */
export const modelsIn = (json: unknown): z.output<typeof Models>["data"] => Models.parse(json).data;

/** The names of those that an answer lists; without any, the one that is known otherwise. */
export function servedBy({ status, json }: Answer, otherwise: string | null): (string | null)[] {
  const served = status === 200 ? modelsIn(json).map(({ id }) => id) : [];
  return served.length > 0 ? served : [otherwise];
}

/** That of llama-cpp-python, which ends what it streams to others when it is asked for its models. */
const endsStreams = ({ owned_by }: { readonly owned_by?: string | undefined }): boolean => owned_by === "me";
const DOCUMENTATION = "/docs";

/** By a question that ends nothing. */
async function isLlamaCppPython(ask: Ask): Promise<boolean> {
  const { status, text: page } = await ask(DOCUMENTATION);
  return status === 200 && page.includes("llama.cpp Python API");
}

/** Any other server that an operator named: it says which models it serves, and nothing of how busy it is. */
export const openai: Adapter = {
  kind: "openai",
  program: undefined,
  paths: ["/v1/models", DOCUMENTATION],
  async identify() {
    return "openai";
  },
  open() {
    let kept: ServerReading | undefined;
    return async ({ ask }) => {
      const before = kept;
      kept = undefined; // after a silence its models are asked for again
      if (before !== undefined && (await isLlamaCppPython(ask))) {
        kept = before;
        return before;
      }
      const answer = await ask("/v1/models");
      const reading = readingOf(answer);
      if (modelsIn(answer.json).some(endsStreams)) kept = reading;
      return reading;
    };
  },
};

/** Also of one without a model, that some write as null. */
const isList = (json: unknown): boolean => typeof json === "object" && json !== null && "data" in json;

function readingOf(answer: Answer): ServerReading {
  // A proxy answers so for a server that is gone, and not in JSON.
  if (answer.status === 503 && answer.json !== undefined) return { readings: [loading(null)] };
  if (answer.status !== 200) return { readings: [troubleOf(answer, "/v1/models", null)] };
  if (!isList(answer.json)) throw new AnotherServer("it lists no models");
  const models = modelsIn(answer.json);
  const readings = models.filter((one) => !isCold(one)).map(listed);
  return { readings, hasManyModels: true, cold: models.filter(isCold).map(({ id }) => ({ model: id })) };
}

const isCold = ({ status }: z.output<typeof Model>): boolean => status.value === "unloaded" && status.failed !== true;

function listed({ id, status }: z.output<typeof Model>): Reading {
  if (status.failed === true) return { model: id, state: "Error", health: "it could not be loaded" };
  return status.value === "loading" ? loading(id) : { model: id, state: "Idle", health: HEALTHY };
}
