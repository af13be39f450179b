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
  // A router before several of them.
  ["ollama", "ollama"],
]);

/** The kind that an answer to `/v1/models` gives away; undefined where it could be any. */
export function kindIn({ server, json }: Answer): ServerKind | undefined {
  if (isLlamaCpp(server)) return "llamacpp";
  const owned = modelsIn(json).filter(({ owned_by }) => owned_by !== undefined);
  const [first] = owned;
  if (first === undefined) return undefined;
  return KIND_BY_OWNER.get(first.owned_by ?? "") ?? (owned.every(isOfOllama) ? "ollama" : undefined);
}

/** Who owns `hf.co/unsloth/qwen:latest` is `unsloth` to Ollama, which has the newest model first. */
function isOfOllama({ id, owned_by }: { readonly id: string; readonly owned_by?: string | undefined }): boolean {
  const [name = "", owner = "library"] = id.split("/").reverse();
  return name.includes(":") && owner === owned_by;
}
