import { type FakeProcess, fakeProc } from "./fake-proc.ts";
import { type StubServer, startStub, written } from "./stub-server.ts";

/** What counts of vLLM's `/metrics`, in its words: `servers/vllm-metrics-idle.json` is one of a real one. */
export const vllmMetrics = (running: number, waiting: number): string => `# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="Qwen/Qwen3-8B"} ${running}.0
vllm:num_requests_waiting{engine="0",model_name="Qwen/Qwen3-8B"} ${waiting}.0
vllm:kv_cache_usage_perc{engine="0",model_name="Qwen/Qwen3-8B"} 0.03
`;

/** A host with a server of each kind, and with some that cannot be told of. Their stubs have free ports: `names` says which stands for which. */
export async function hostWithEachKind() {
  const llama = await startStub("llamacpp-props", "llamacpp-slots-idle");
  const router = await startStub(
    "llamacpp-router-props",
    "llamacpp-router-models-loaded",
    written("GET /slots?model=big-c&autoload=false", [{ is_processing: true }]),
    "llamacpp-router-slots-of-model",
  );
  const ollama = await startStub("ollama-version", "ollama-ps-none", "ollama-tags");
  const vllm = await startStub(
    written("GET /version", { version: "0.19.0" }),
    written("GET /metrics", vllmMetrics(3, 2)),
    written("GET /v1/models", { data: [{ id: "Qwen/Qwen3-8B", owned_by: "vllm" }] }),
  );
  const openai = await startStub(written("GET /v1/models", { data: [{ id: "whisper-1" }] }));
  const names = new Map([
    [llama, 8080],
    [router, 8081],
    [ollama, 11_434],
    [vllm, 8000],
    [openai, 9000],
  ]);
  const container = { container: ["172.17.0.2"], hidesSockets: true };
  const proxy = `docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port ${vllm.port} -container-ip 172.17.0.2 -container-port 8000`;
  const processes: FakeProcess[] = [
    { pid: 310, commandLine: `llama-server -m a.gguf --port ${llama.port}`, listens: [`0.0.0.0:${llama.port}`] },
    {
      pid: 320,
      commandLine: `llama-server --models-dir /m --port ${router.port}`,
      listens: [`127.0.0.1:${router.port}`],
    },
    { pid: 330, commandLine: "ollama serve", listens: [`127.0.0.1:${ollama.port}`] },
    { pid: 340, commandLine: "python3 -m sglang.launch_server --model-path Qwen/Qwen3-4B" },
    { pid: 350, commandLine: "vllm serve Qwen/Qwen3-8B", listens: ["0.0.0.0:8000"], ...container },
    { pid: 351, commandLine: proxy },
    { pid: 360, commandLine: "vllm serve a", listens: ["0.0.0.0:8000"], ...container, container: ["172.18.0.2"] },
    { pid: 370, commandLine: "/usr/sbin/sshd -D", listens: ["0.0.0.0:22"] },
  ];
  return { proc: fakeProc(processes).proc, named: openai.url, names: portsOf(names) };
}

const portsOf = (stubs: ReadonlyMap<StubServer, number>): [actual: string, shown: string][] =>
  [...stubs].map(([stub, shown]) => [String(stub.port), String(shown)]);
