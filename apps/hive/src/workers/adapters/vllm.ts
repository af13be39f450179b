import {
  type Adapter,
  AnotherServer,
  askUnlessFailing,
  HEALTHY,
  isFull,
  ON_UNIX_SOCKET,
  type Program,
  type Reading,
  type Server,
  type ServerReading,
  SPEAKS_GRPC,
  troubleOf,
} from "../adapter.ts";
import { countIn, hasFlag, optionOf, portIn, programOf } from "../argv.ts";
import { kindIn } from "../identify.ts";
import { objectOf, text } from "../lenient.ts";
import { type Sample, samplesOf, sumOf } from "../prometheus.ts";
import { servedBy } from "./openai.ts";

const Version = objectOf({ version: text });

const PREFIXES = ["vllm:", "vllm_"];
const named = (name: string): string[] => PREFIXES.map((prefix) => `${prefix}${name}`);
const RUNNING = named("num_requests_running");
const WAITING = named("num_requests_waiting");
const WAITING_BY_REASON = named("num_requests_waiting_by_reason");
/** With the label `sleep_state="awake"`, 0 while it sleeps. */
const SLEEP_STATE = named("engine_sleep_state");
/** A request does not wake it, but can make it fail for good. */
const SLEEPS = "it sleeps until somebody wakes it (POST /wake_up)";

/** As it is installed, and the module that this is. */
const COMMANDS = ["vllm", "-m vllm.entrypoints.cli.main"];

const GAUGES = [...RUNNING, ...WAITING, ...WAITING_BY_REASON, ...SLEEP_STATE];

const program: Program = {
  defaultPort: 8000,
  hasOtherSockets: true,
  matches(argv) {
    const { name, rest } = programOf(argv);
    return name === "-m vllm.entrypoints.openai.api_server" || (COMMANDS.includes(name) && rest[0] === "serve");
  },
  portOf: ({ argv }) => portIn(optionOf(argv, "--port")),
  whyNotAsked({ argv }) {
    const isHeadless = hasFlag(argv, "--headless") || optionOf(argv, "--api-server-count", "-asc") === "0";
    if (isHeadless) return "it works for a vLLM on another host, and answers no requests itself";
    if (hasFlag(argv, "--data-parallel-multi-port-external-lb"))
      return "each of its ranks has a port: name them with HIVE_WORKERS";
    if (hasFlag(argv, "--grpc")) return SPEAKS_GRPC;
    return hasFlag(argv, "--uds") ? ON_UNIX_SOCKET : undefined;
  },
  speaksTls: ({ argv }) => hasFlag(argv, "--ssl-keyfile"),
  modelOf({ argv }) {
    const { name, rest } = programOf(argv);
    const positional = COMMANDS.includes(name) ? rest[1] : undefined;
    const model = positional?.startsWith("-") ? undefined : positional;
    return optionOf(argv, "--served-model-name") ?? optionOf(argv, "--model") ?? model ?? null;
  },
};

/** vLLM. It takes hundreds of requests at once: that some run is not that it is busy. */
export const vllm: Adapter = {
  kind: "vllm",
  program,
  paths: ["/version", "/metrics", "/v1/models", "/health"],
  async identify(ask) {
    const { version } = Version.parse((await askUnlessFailing(ask, "/version")).json);
    return version === undefined ? undefined : `vllm ${version}`;
  },
  open: () => read,
};

async function read({ ask, process }: Server): Promise<ServerReading> {
  const told = process === undefined ? null : program.modelOf(process);
  const models = await ask("/v1/models");
  if ((kindIn(models) ?? "vllm") !== "vllm") throw new AnotherServer("it is no vLLM");
  const answer = await ask("/metrics");
  const samples = answer.status === 200 ? samplesOf(answer.text, GAUGES) : [];
  if (samples.length === 0) {
    // Other servers run their model when they are asked for their health.
    if ((await vllm.identify(ask)) === undefined) throw new AnotherServer("it is no vLLM");
    const health = await ask("/health");
    if (health.status === 503) return { readings: [{ model: told, state: "Error", health: "its engine is dead" }] };
    if (health.status !== 200) return { readings: [troubleOf(health, "/health", told)] };
  }
  const load = loadOf(samples, countIn(process && optionOf(process.argv, "--max-num-seqs")));
  // Its names and LoRAs, which the metrics do not have.
  const name = samples.find(({ labels }) => labels.model_name)?.labels.model_name ?? told;
  return { readings: servedBy(models, name).map((model) => ({ model, ...load })) };
}

/** All models of a server share one engine. */
function loadOf(samples: readonly Sample[], slotsOfEngine: number | undefined): Omit<Reading, "model"> {
  const of = (names: readonly string[]) => samples.filter(({ name }) => names.includes(name));
  const running = countOf(of(RUNNING));
  const waiting = countOf(of(WAITING));
  const forRoom = countOf(of(WAITING_BY_REASON).filter(({ labels }) => labels.reason === "capacity")) ?? waiting;
  const engines = new Set(of(RUNNING).map(({ labels }) => labels.engine)).size || 1;
  const slots = slotsOfEngine === undefined ? undefined : slotsOfEngine * engines;
  const isBusy = isFull({ running, slots }) || (forRoom ?? 0) > 0;
  const isAsleep = of(SLEEP_STATE).some(({ labels, value }) => labels.sleep_state === "awake" && value === 0);
  return { state: isBusy ? "Busy" : "Idle", health: isAsleep ? SLEEPS : HEALTHY, running, waiting, slots };
}

function countOf(samples: readonly Sample[]): number | undefined {
  const sum = sumOf(samples);
  return Number.isSafeInteger(sum) && Number(sum) >= 0 ? sum : undefined;
}
