import { basename } from "node:path";
import * as z from "zod";
import {
  type Adapter,
  AnotherServer,
  type CommandLine,
  HEALTHY,
  isFull,
  isUsable,
  loading,
  ON_UNIX_SOCKET,
  type Program,
  type Reading,
  type Server,
  type ServerReading,
  troubleOf,
  wantsKey,
} from "../adapter.ts";
import { hasFlag, optionOf, portIn } from "../argv.ts";
import { type Answer, type Ask, NoAnswer } from "../ask.ts";
import { count, flag, listOf, objectOf, text } from "../lenient.ts";
import { servedBy } from "./openai.ts";

const Props = objectOf({
  role: text,
  models_autoload: flag,
  model_alias: text,
  total_slots: count,
  is_sleeping: flag,
  endpoint_slots: flag,
});
/** What it answers to every question while it loads its model. */
const Failure = objectOf({ error: objectOf({ type: text }) });
const LOADS = "unavailable_error";
/** Those of before November 2024 say it by a number, of which 0 is idle. */
const OldSlot = z.object({ state: z.int() }).transform(({ state }) => ({ is_processing: state !== 0 }));
const Slots = listOf(z.union([z.object({ is_processing: z.boolean() }), OldSlot]));
const Status = objectOf({
  value: text,
  failed: flag,
  exit_code: z.int().optional().catch(undefined),
  args: listOf(z.string()),
});
const Models = objectOf({
  data: listOf(z.object({ id: z.string().min(1), status: Status, meta: objectOf({ size: count }) })),
});
type RouterModel = z.output<typeof Models>["data"][number];

const SLEEP_FLAG = "--sleep-idle-seconds";
const SLEEP_VARIABLE = "LLAMA_ARG_SLEEP_IDLE_SECONDS";

const program: Program = {
  defaultPort: 8080,
  matches: ([first = "", second]) =>
    basename(first) === "llama-server" || (basename(first) === "llama" && /^server?$/.test(second ?? "")),
  portOf: ({ argv, environment }) => portIn(optionOf(argv, "--port") ?? environment?.LLAMA_ARG_PORT),
  whyNotAsked: ({ argv, environment }) => {
    const hosts = namesIn(optionOf(argv, "--host") ?? environment?.LLAMA_ARG_HOST);
    return hosts.length > 0 && hosts.every((host) => host.endsWith(".sock")) ? ON_UNIX_SOCKET : undefined;
  },
  prefixOf: ({ argv, environment }) => optionOf(argv, "--api-prefix") ?? environment?.LLAMA_ARG_API_PREFIX,
  speaksTls: ({ argv, environment }) =>
    hasFlag(argv, "--ssl-key-file") || environment?.LLAMA_ARG_SSL_KEY_FILE !== undefined,
  modelOf: ({ argv, environment }) => {
    // The one that it calls itself by: it keeps them in order of the alphabet.
    const [alias] = namesIn(optionOf(argv, "--alias", "-a") ?? environment?.LLAMA_ARG_ALIAS).toSorted();
    const repository = optionOf(argv, "--hf-repo", "-hf", "-hfr") ?? environment?.LLAMA_ARG_HF_REPO;
    return alias ?? repository ?? optionOf(argv, "--model", "-m") ?? environment?.LLAMA_ARG_MODEL ?? null;
  },
};

function namesIn(list = ""): string[] {
  const names = list.split(",").map((one) => one.trim());
  return names.filter((one) => one !== "");
}

/** llama-server of llama.cpp, with one model or as a router that starts one of itself for each. */
export const llamacpp: Adapter = {
  kind: "llamacpp",
  program,
  paths: ["/v1/health", "/props", "/slots", "/v1/models", "/slots?model=*&autoload=false"],
  /** It says so in the header of each answer: a reading begins with that. */
  async identify() {
    return "llama.cpp";
  },
  open: () => read,
};

export const isLlamaCpp = (serverHeader: string): boolean => serverHeader === "llama.cpp";

async function read(server: Server): Promise<ServerReading> {
  const { ask, process } = server;
  const told = process === undefined ? null : program.modelOf(process);
  const answer = await askProps(ask);
  if (wantsKey(answer)) return { readings: [byHealth(await ask("/v1/health"), told)] };
  if (answer.status === 503) return { readings: [loading(told)] };
  if (!isUsable(answer)) return { readings: [troubleOf(answer, "/props", told)] };
  const props = Props.parse(answer.json);
  if (props.role === "router") return readRouter(server, props.models_autoload !== false);
  const model = props.model_alias ?? told ?? (await listedBy(ask));
  const isAwake = props.is_sleeping !== true;
  const slots = isAwake && props.endpoint_slots !== false && neverSleeps(process) ? await readSlots(ask, "/slots") : {};
  if (slots === undefined) return { readings: [loading(model)] };
  return { readings: [ofSlots(model, { slots: props.total_slots, ...(!isAwake && { running: 0 }), ...slots })] };
}

/** Those of before 2026 do not say it beside their slots, and not all are told it by a flag that is seen. */
async function listedBy(ask: Ask): Promise<string | null> {
  const [model = null] = servedBy(await ask("/v1/models"), null);
  return model;
}

/** Before it stands a proxy, perhaps, which puts its own name in the header: then what it says of itself tells that it is one. */
async function askProps(ask: Ask): Promise<Answer> {
  const answer = await ask("/props");
  if (isLlamaCpp(answer.server) || Failure.parse(answer.json).error.type === LOADS) return answer;
  if (answer.status >= 500) throw new NoAnswer(`it answers ${answer.status} to /props`);
  const { role, total_slots: slots } = Props.parse(answer.json);
  if (role !== "router" && slots === undefined) throw new AnotherServer("it is no llama.cpp");
  return answer;
}

/** Its health is what it says without a key, if it is none of the older ones. At `/health` other servers run their model, and none but it has this path. */
function byHealth(answer: Answer, model: string | null): Reading {
  if (!isLlamaCpp(answer.server)) throw new AnotherServer("it is no llama.cpp");
  if (answer.status === 503) return loading(model);
  if (answer.status >= 500) return troubleOf(answer, "/v1/health", model);
  return { model, state: "Idle", health: HEALTHY };
}

/**
 * Whether it may be asked for its slots: that wakes a server which sleeps, and keeps one awake that would. Nothing that it answers says whether it
 * ever will, so that one whose command line is not known is not asked.
 */
export function neverSleeps(process: CommandLine | undefined): boolean {
  return (
    process !== undefined && !hasFlag(process.argv, SLEEP_FLAG) && process.environment?.[SLEEP_VARIABLE] === undefined
  );
}

export type SlotCount = Pick<Reading, "running" | "slots">;

/** Undefined while the model loads; empty where it says nothing of its slots. */
export async function readSlots(ask: Ask, path: string): Promise<SlotCount | undefined> {
  const answer = await ask(path);
  if (answer.status === 503) return undefined;
  const slots = answer.status === 200 ? Slots.parse(answer.json) : [];
  if (slots.length === 0) return {};
  return { running: slots.filter(({ is_processing }) => is_processing).length, slots: slots.length };
}

function ofSlots(model: string | null, { running, slots }: SlotCount): Reading {
  return { model, state: isFull({ running, slots }) ? "Busy" : "Idle", health: HEALTHY, running, slots };
}

async function readRouter(server: Server, loadsWhenAsked: boolean): Promise<ServerReading> {
  const answer = await server.ask("/v1/models");
  if (!isUsable(answer)) return { readings: [troubleOf(answer, "/v1/models", null)] };
  const models = Models.parse(answer.json).data;
  const inUse = models.filter(
    ({ status }) => status.failed === true || /^(loading|loaded|sleeping)$/.test(status.value ?? ""),
  );
  const readings: Reading[] = [];
  for (const model of inUse) readings.push(await readRouted(server, model));
  const cold = models.filter(({ status }) => loadsWhenAsked && status.value === "unloaded" && status.failed !== true);
  return { readings, hasManyModels: true, cold: cold.map(({ id, meta }) => ({ model: id, bytes: meta.size })) };
}

async function readRouted({ ask, process, runners }: Server, { id, status }: RouterModel): Promise<Reading> {
  if (status.failed === true) {
    const how = status.exit_code === undefined ? "" : ` (exit code ${status.exit_code})`;
    return { model: id, state: "Error", health: `it could not be loaded${how}` };
  }
  const port = optionOf(status.args, "--port");
  const pid = runners.find((runner) => port !== undefined && optionOf(runner.process.argv, "--port") === port)?.process
    .pid;
  if (status.value === "loading") return { ...loading(id), pid };
  if (status.value === "sleeping") return { ...ofSlots(id, { running: 0 }), pid };
  const mayAsk = neverSleeps(process) && !hasFlag(status.args, SLEEP_FLAG);
  const path = `/slots?model=${encodeURIComponent(id)}&autoload=false`;
  const slots = mayAsk ? await readSlots(ask, path).catch(unknownWithoutAnswer) : {};
  return { ...(slots === undefined ? loading(id) : ofSlots(id, slots)), pid };
}

/** One model that does not answer is not to hide the others. */
export function unknownWithoutAnswer(error: unknown): SlotCount {
  if (error instanceof NoAnswer) return {};
  throw error;
}
