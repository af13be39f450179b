import type { ServerKind } from "./adapter.ts";
import { isLlamaCpp } from "./adapters/llamacpp.ts";
import { modelsIn } from "./adapters/openai.ts";
import type { Answer } from "./ask.ts";

/** What may be asked of a server of which no kind is known: its root and its health run a model on some. */
export const UNKNOWN_PATHS = ["/v1/models"];

const KIND_BY_OWNER = new Map<string, ServerKind>([
  ["llamacpp", "llamacpp"],
  ["vllm", "vllm"],
  ["vllm-frontend-rs", "vllm"],
  ["sglang", "sglang"],
  ["library", "ollama"],
]);

/** The kind that an answer to `/v1/models` gives away; undefined where it could be any. */
export function kindIn({ server, json }: Answer): ServerKind | undefined {
  if (isLlamaCpp(server)) return "llamacpp";
  const owner = modelsIn(json).find(({ owned_by }) => owned_by !== undefined)?.owned_by;
  return KIND_BY_OWNER.get(owner ?? "");
}
