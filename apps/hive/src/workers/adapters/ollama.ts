import { basename } from "node:path";
import * as z from "zod";
import {
  type Adapter,
  askUnlessFailing,
  type ColdModel,
  HEALTHY,
  isFull,
  isUsable,
  loading,
  type Program,
  type Reading,
  type Server,
  type ServerReading,
  troubleOf,
} from "../adapter.ts";
import { hasFlag, portIn } from "../argv.ts";
import type { Ask } from "../ask.ts";
import { count, listOf, objectOf, text } from "../lenient.ts";
import { llamacpp, neverSleeps, readSlots, type SlotCount, unknownWithoutAnswer } from "./llamacpp.ts";

const Version = objectOf({ version: text });
const model = { name: z.string().min(1), digest: text };
const Loaded = objectOf({ models: listOf(z.object({ ...model, expires_at: text, size_vram: count })) });
const OnDisk = objectOf({ models: listOf(z.object({ ...model, size: count, remote_host: text })) });
type LoadedModel = z.output<typeof Loaded>["models"][number];

/** It reads the head of each file for that. */
const ON_DISK_EVERY_MS = 60_000;
/** How far two clocks that stand in one host may seem apart. */
const SLIDE_TOLERANCE_MS = 1000;

const program: Program = {
  defaultPort: 11_434,
  listensWithinMinutes: 2,
  matches: ([first = "", second = ""]) => basename(first) === "ollama" && /^(serve|start)$/.test(second),
  isRunner: ([first = "", second]) =>
    (basename(first) === "ollama" && second === "runner") || basename(first) === "ollama_llama_server",
  portOf: ({ environment }) => portOfHost(environment?.OLLAMA_HOST ?? ""),
  modelOf: () => null,
};

/** With quotes, a scheme, brackets and a path, or without; an address of colons has no port behind it. */
function portOfHost(host: string): number | undefined {
  const plain = host.replace(/["'\s]/g, "");
  const [, scheme, port] = /^(?:(https?):\/\/)?(?:\[[^\]]*\]|[^/:]*)(?::(\d+))?(?:\/|$)/.exec(plain) ?? [];
  return portIn(port) ?? (scheme === "http" ? 80 : scheme === "https" ? 443 : undefined);
}

/** Loaded models, and the runners that have them. Nothing says which has which: it is told from what came and went between two readings. */
interface Together {
  readonly keys: readonly string[];
  readonly pids: readonly number[];
}

interface Known {
  /** When each loaded model was to be unloaded, as it was said at the last reading. */
  expiresMs: ReadonlyMap<string, number>;
  together: readonly Together[];
  readAtMs: number;
  onDisk: readonly ColdModel[];
  onDiskReadAtMs: number;
}

/** Ollama, with the runners that it starts: since 0.30 each is a llama-server. */
export const ollama: Adapter = {
  kind: "ollama",
  program,
  paths: ["/api/version", "/api/ps", "/api/tags", "/slots"],
  async identify(ask) {
    const { version } = Version.parse((await askUnlessFailing(ask, "/api/version")).json);
    return version === undefined ? undefined : `ollama ${version}`;
  },
  open() {
    const known: Known = {
      expiresMs: new Map(),
      together: [],
      readAtMs: 0,
      onDisk: [],
      onDiskReadAtMs: Number.NEGATIVE_INFINITY,
    };
    return (server) => read(server, known);
  },
};

async function read(server: Server, known: Known): Promise<ServerReading> {
  const answer = await server.ask("/api/ps");
  if (!isUsable(answer)) return { readings: [troubleOf(answer, "/api/ps", null)] };
  const { models } = Loaded.parse(answer.json);
  const counts = await countsOf(server.runners.filter(hasModel));
  known.together = togetherOf(models, counts, known.together);
  const nowMs = Date.now();
  const readings = models.filter(isNewest).map((one) => ofModel(one, { counts, known, nowMs }));
  if (isLoading(models, counts, known.together)) readings.push(loading(null));
  known.expiresMs = new Map(models.map((one) => [keyOf(one), Date.parse(one.expires_at ?? "")]));
  known.readAtMs = nowMs;
  const onDisk = await readOnDisk(server.ask, known);
  return {
    readings,
    hasManyModels: true,
    cold: onDisk.filter((cold) => !models.some(({ name }) => name === cold.model)),
  };
}

type Runner = Server["runners"][number];

/** Others see for a moment which GPUs there are. */
const hasModel = ({ process }: Runner): boolean => hasFlag(process.argv, "--model");

/** A model that was pulled anew has its name twice, as long as the one before is loaded: what was used last stands first. */
const isNewest = ({ name }: LoadedModel, at: number, all: readonly LoadedModel[]): boolean =>
  all.findIndex((one) => one.name === name) === at;

const keyOf = ({ name, digest }: LoadedModel): string => `${name} ${digest}`;

/** Undefined of one that loads; empty where it cannot say it: those of before 0.30 have no slots to tell of. */
type Counts = ReadonlyMap<number, SlotCount | undefined>;

async function countsOf(runners: readonly Runner[]): Promise<Counts> {
  const counts = new Map<number, SlotCount | undefined>();
  for (const { process, ask } of runners) {
    const saysIt = ask !== undefined && llamacpp.program?.matches(process.argv) === true && neverSleeps(process);
    counts.set(process.pid, saysIt ? await readSlots(ask, "/slots").catch(unknownWithoutAnswer) : {});
  }
  return counts;
}

function togetherOf(models: readonly LoadedModel[], counts: Counts, before: readonly Together[]): Together[] {
  const listed = models.map(keyOf);
  const stillThere = before.map((one) => ({
    keys: one.keys.filter((key) => listed.includes(key)),
    pids: one.pids.filter((pid) => counts.has(pid)),
  }));
  // With fewer runners than models one of these has, or will have, another.
  const together = stillThere.filter(({ keys, pids }) => pids.length > 0 && pids.length >= keys.length);
  const keys = newModels(models, together);
  const pids = newRunners(counts, together).filter((pid) => counts.get(pid) !== undefined);
  return keys.length > 0 && keys.length === pids.length ? [...together, { keys, pids }] : together;
}

const newModels = (models: readonly LoadedModel[], together: readonly Together[]): string[] =>
  models.map(keyOf).filter((key) => !together.some(({ keys }) => keys.includes(key)));

const newRunners = (counts: Counts, together: readonly Together[]): number[] =>
  [...counts.keys()].filter((pid) => !together.some(({ pids }) => pids.includes(pid)));

/** While one loads it is not listed, and no answer names it: its runner is there already. One whose model was unloaded is there still. */
const isLoading = (models: readonly LoadedModel[], counts: Counts, together: readonly Together[]): boolean =>
  newRunners(counts, together).length > newModels(models, together).length;

interface Context {
  readonly counts: Counts;
  readonly known: Known;
  readonly nowMs: number;
}

function ofModel(loaded: LoadedModel, { counts, known, nowMs }: Context): Reading {
  const vramBytes = loaded.size_vram || undefined; // 0 also where it does not know
  const { pids } = known.together.find(({ keys }) => keys.includes(keyOf(loaded))) ?? { pids: [] };
  const full = pids.map((pid) => isFullIfKnown(counts.get(pid)));
  const isAlike = full.every((one) => one === full[0]);
  const isBusy = (isAlike ? full[0] : undefined) ?? isBusyByExpiry(loaded, known, nowMs);
  const [pid] = pids.length === 1 ? pids : [];
  const numbers = pid === undefined ? {} : { pid, ...counts.get(pid) };
  return { model: loaded.name, state: isBusy ? "Busy" : "Idle", health: HEALTHY, vramBytes, ...numbers };
}

const isFullIfKnown = (count: SlotCount | undefined): boolean | undefined =>
  count?.running === undefined || count.slots === undefined ? undefined : isFull(count);

/** While a request runs, the time at which it would be unloaded lies in the past, or slides along with the clock. */
function isBusyByExpiry(loaded: LoadedModel, { expiresMs, readAtMs }: Known, nowMs: number): boolean {
  const expires = Date.parse(loaded.expires_at ?? "");
  const slid = expires - (expiresMs.get(keyOf(loaded)) ?? Number.NaN);
  return expires < nowMs || (slid > 0 && Math.abs(slid - (nowMs - readAtMs)) <= SLIDE_TOLERANCE_MS);
}

async function readOnDisk(ask: Ask, known: Known): Promise<readonly ColdModel[]> {
  if (performance.now() - known.onDiskReadAtMs < ON_DISK_EVERY_MS) return known.onDisk;
  known.onDiskReadAtMs = performance.now();
  // On a slow disk it takes long, and says nothing of how busy the server is.
  const answer = await ask("/api/tags").catch(() => undefined);
  if (answer?.status !== 200) return known.onDisk;
  // What another host computes is not here, and who asks this one for it does not mean to tell that one.
  const models = OnDisk.parse(answer.json).models.filter(({ remote_host }) => remote_host === undefined);
  known.onDisk = models.map(({ name, size }) => ({ model: name, bytes: size }));
  return known.onDisk;
}
