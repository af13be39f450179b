import type { Adapter } from "./adapter.ts";
import { llamacpp } from "./adapters/llamacpp.ts";
import { ollama } from "./adapters/ollama.ts";
import { openai } from "./adapters/openai.ts";
import { sglang } from "./adapters/sglang.ts";
import { vllm } from "./adapters/vllm.ts";

/** Every kind of server that is known. */
export const ADAPTERS: readonly Adapter[] = [ollama, llamacpp, vllm, sglang, openai];
