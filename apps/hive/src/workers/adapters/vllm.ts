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
import { countIn, hasFlag, isAtToldPort, optionOf, portIn, positionalIn, programOf } from "../argv.ts";
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

/** These are told what to do: the one that is installed, the module that it is, and the one that is no Python. */
const COMMANDS = ["vllm", "-m vllm.entrypoints.cli.main", "vllm-rs"];
/** These are the server and nothing else. */
const SERVERS = ["-m vllm.entrypoints.openai.api_server", "-m vllm.entrypoints.launchers.api_server.entry"];

const GAUGES = [...RUNNING, ...WAITING, ...WAITING_BY_REASON, ...SLEEP_STATE];
/** Where several processes answer, gauges have no value before the first request. */
const HAS_GAUGES = /^# TYPE vllm[:_]num_requests_running gauge$/m;

const program: Program = {
  defaultPort: 8000,
  isAtToldPort,
  matches(argv) {
    const { name, rest } = programOf(argv);
    return SERVERS.includes(name) || (COMMANDS.includes(name) && rest[0] === "serve");
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
  speaksTls: ({ argv }) => hasFlag(argv, "--ssl-keyfile") || hasFlag(argv, "--ssl-certfile"),
  modelOf({ argv }) {
    const { name, rest } = programOf(argv);
    const told = optionOf(argv, "--served-model-name") ?? optionOf(argv, "--model");
    return told ?? (COMMANDS.includes(name) ? positionalIn(rest) : undefined) ?? null;
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
  const slotsOfEngine = countIn(process && optionOf(process.argv, "--max-num-seqs"));
  const load = loadOf(samples, { slotsOfEngine, unsaid: HAS_GAUGES.test(answer.text) ? 0 : undefined });
  // Its names and LoRAs, which the metrics do not have.
  const name = samples.find(({ labels }) => labels.model_name)?.labels.model_name ?? told;
  return { readings: servedBy(models, name).map((model) => ({ model, ...load })) };
}

interface Known {
  readonly slotsOfEngine: number | undefined;
  /** What a gauge without a value says. */
  readonly unsaid: number | undefined;
}

/** All models of a server share one engine. */
function loadOf(samples: readonly Sample[], { slotsOfEngine, unsaid }: Known): Omit<Reading, "model"> {
  const of = (names: readonly string[]) => samples.filter(({ name }) => names.includes(name));
  const running = countOf(of(RUNNING), unsaid);
  const waiting = countOf(of(WAITING), unsaid);
  const forRoom = countOf(of(WAITING_BY_REASON).filter(({ labels }) => labels.reason === "capacity")) ?? waiting;
  const engines = new Set(samples.flatMap(({ labels }) => labels.engine ?? [])).size || 1;
  const slots = slotsOfEngine === undefined ? undefined : slotsOfEngine * engines;
  const isBusy = isFull({ running, slots }) || (forRoom ?? 0) > 0;
  const isAsleep = of(SLEEP_STATE).some(({ labels, value }) => labels.sleep_state === "awake" && value === 0);
  return { state: isBusy ? "Busy" : "Idle", health: isAsleep ? SLEEPS : HEALTHY, running, waiting, slots };
}

function countOf(samples: readonly Sample[], unsaid?: number | undefined): number | undefined {
  const sum = sumOf(samples) ?? unsaid;
  return Number.isSafeInteger(sum) && Number(sum) >= 0 ? sum : undefined;
}
