import * as z from "zod";
import {
  type Adapter,
  askUnlessFailing,
  HEALTHY,
  isFull,
  isUsable,
  type Program,
  type Reading,
  type Server,
  type ServerReading,
  SPEAKS_GRPC,
  troubleOf,
  wantsKey,
} from "../adapter.ts";
import { hasFlag, isAtToldPort, optionOf, portIn, positionalIn, programOf } from "../argv.ts";
import type { Answer, Ask } from "../ask.ts";
import { kindIn } from "../identify.ts";
import { count, listOf, objectOf, text } from "../lenient.ts";
import { servedBy } from "./openai.ts";

const Info = objectOf({ model_path: text });
const Load = z.object({ num_running_reqs: count, num_waiting_reqs: count, max_running_requests: count });
const Loads = objectOf({ loads: listOf(Load) });
/** What running and waiting requests are together. */
const OldLoads = listOf(z.object({ num_reqs: count, num_waiting_reqs: count }));

const LOADS = "/v1/loads?include=core";

/** As it is installed, and the module that this is. */
const COMMANDS = ["sglang", "-m sglang.cli.main"];

const program: Program = {
  defaultPort: 30_000,
  isAtToldPort,
  matches(argv) {
    const { name, rest } = programOf(argv);
    return name === "-m sglang.launch_server" || (COMMANDS.includes(name) && rest[0] === "serve");
  },
  portOf: ({ argv }) => portIn(optionOf(argv, "--port")),
  whyNotAsked({ argv }) {
    if (hasFlag(argv, "--smg-grpc-mode") || hasFlag(argv, "--grpc-mode")) return SPEAKS_GRPC;
    const isFirst = (optionOf(argv, "--node-rank") ?? "0") === "0";
    return isFirst ? undefined : "it works for an SGLang on another host, and answers no requests itself";
  },
  speaksTls: ({ argv }) => hasFlag(argv, "--ssl-keyfile") || hasFlag(argv, "--ssl-certfile"),
  modelOf({ argv }) {
    const { name, rest } = programOf(argv);
    const told = optionOf(argv, "--served-model-name") ?? optionOf(argv, "--model-path", "--model");
    return told ?? (COMMANDS.includes(name) ? positionalIn(rest) : undefined) ?? null;
  },
};

/** SGLang. It is never asked for its health: it would generate a token for that. */
export const sglang: Adapter = {
  kind: "sglang",
  program,
  paths: ["/model_info", "/get_model_info", LOADS, "/get_load", "/v1/models"],
  async identify(ask) {
    const answer = await askNewOrOld((path) => askUnlessFailing(ask, path), "/model_info", "/get_model_info");
    if (wantsKey(answer)) return "sglang";
    return Info.parse(answer.json).model_path === undefined ? undefined : "sglang";
  },
  open() {
    const known = { isOld: false };
    return (server) => read(server, known);
  },
};

/** The old path is a warning in the log of a new version: it is asked only where the new one is not there. */
async function askNewOrOld(ask: Ask, newPath: string, oldPath: string): Promise<Answer> {
  const answer = await ask(newPath);
  return answer.status === 404 ? ask(oldPath) : answer;
}

async function read({ ask, process }: Server, known: { isOld: boolean }): Promise<ServerReading> {
  const told = process === undefined ? null : program.modelOf(process);
  const answer = known.isOld ? await ask("/get_load") : await askNewOrOld(ask, LOADS, "/get_load");
  const trouble = troubleOf(answer, known.isOld ? "/get_load" : "/v1/loads", told);
  if (!isUsable(answer) && answer.status !== 404) return { readings: [trouble] };
  known.isOld = Array.isArray(answer.json);
  const load = loadOf(known.isOld ? oldLoads(answer.json) : Loads.parse(answer.json).loads);
  const models = await ask("/v1/models");
  // Those of before both paths do not say how much they do.
  if (answer.status === 404 && kindIn(models) !== "sglang") return { readings: [trouble] };
  return { readings: servedBy(models, told).map((model) => ({ model, ...load })) };
}

const oldLoads = (json: unknown): z.output<typeof Load>[] =>
  OldLoads.parse(json).map(({ num_reqs, num_waiting_reqs }) => ({
    num_running_reqs: num_reqs === undefined ? undefined : Math.max(0, num_reqs - (num_waiting_reqs ?? 0)),
    num_waiting_reqs,
    max_running_requests: undefined,
  }));

/** Of all ranks together. */
function loadOf(loads: readonly z.output<typeof Load>[]): Omit<Reading, "model"> {
  const running = sumOf(loads.map((one) => one.num_running_reqs));
  const waiting = sumOf(loads.map((one) => one.num_waiting_reqs));
  const slots = sumOf(loads.map((one) => one.max_running_requests));
  const isBusy = isFull({ running, slots }) || (waiting ?? 0) > 0;
  return { state: isBusy ? "Busy" : "Idle", health: HEALTHY, running, waiting, slots };
}

/** Unknown where one of them is. */
function sumOf(counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((one) => one !== undefined);
  return known.length === 0 || known.length < counts.length ? undefined : known.reduce((sum, one) => sum + one, 0);
}
