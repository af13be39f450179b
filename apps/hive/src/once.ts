import { inColumns } from "@repo/process-log/columns";
import { printable } from "@repo/process-log/printable";
import { type BeatSource, beatOf } from "./heartbeats.ts";
import type { GpuTelemetry, Telemetry } from "./telemetry/watch.ts";
import { THIS_HOST } from "./workers/beat-json.ts";
import type { LeftOut } from "./workers/find.ts";
import type { WorkerJson, WorkersReading } from "./workers/watch.ts";

/** What a hive would send, and what it would not. */
export interface Once {
  readonly beat: WorkersReading & Partial<Telemetry> & { readonly hive_id?: string };
  readonly leftOut: readonly LeftOut[];
  /** Why it is not known which GPUs there are, or of some. */
  readonly gpuProblems: readonly string[];
}

/** Reads each source once, one after the other: a later one may use what an earlier one has read. */
export async function readOnce(
  hiveId: string,
  sources: readonly BeatSource[],
  leftOut: () => readonly LeftOut[],
  gpuProblems: readonly string[],
): Promise<Once> {
  for (const source of sources) await source.refresh?.();
  const beat: Once["beat"] = { workers: [], ...beatOf(hiveId, sources, Date.now()) };
  return { beat, leftOut: leftOut(), gpuProblems };
}

/** For programs: the body of a heartbeat, and beside it a line for each server that is left out. */
export function onceJson({ beat, leftOut, gpuProblems }: Once): { stdout: string; stderr: string } {
  const words = [
    ...leftOut.map(({ what, why }) => `${what} is left out: ${why}`),
    ...gpuProblems.map((problem) => `GPUs may be missing: ${problem}`),
  ];
  const lines = words.map((line) => printable(`hive: ${line}`));
  const json = JSON.stringify(beat, null, 2).split("\n").map(printable);
  return { stdout: ended(json), stderr: ended(lines) };
}

const ended = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

const NONE_FOUND = "No worker: docs/workers.md says which servers are found, and how to name others.";
const NONE_LOADED = "No worker: no model is loaded.";

/** For people. */
export function onceText({ beat, leftOut, gpuProblems }: Once, queen: string): string {
  const { workers, models_on_disk: models = [] } = beat;
  const blocks = [
    workers.length > 0 ? table(workers) : models.length > 0 ? NONE_LOADED : NONE_FOUND,
    models.length > 0 &&
      list(
        "On disk, loaded when asked for",
        models.map(({ model, server }) => `${model} (${server})`),
      ),
    leftOut.length > 0 &&
      list(
        "Left out",
        leftOut.map(({ what, why }) => `${what}: ${why}`),
      ),
    hostText(beat),
    gpuProblems.length > 0 && list("GPUs may be missing", gpuProblems),
  ];
  const title = `hive ${beat.hive_id} would send to ${queen}:`;
  return `${[title, ...blocks.filter((block) => typeof block === "string")].join("\n\n")}\n`;
}

const list = (title: string, items: readonly string[]): string =>
  [`${title}:`, ...items.map((item) => `  ${printable(item)}`)].join("\n");

const COLUMNS: Readonly<Record<string, (worker: WorkerJson) => string>> = {
  WORKER: ({ worker_id }) => worker_id,
  STATE: ({ state }) => state,
  RUNNING: loadText,
  MODEL: ({ model_id }) => model_id ?? "-",
  SERVER: ({ server }) => server ?? "-",
  REACHED: placeText,
  HEALTH: ({ health_status }) => health_status,
};

const table = (workers: readonly WorkerJson[]): string =>
  inColumns([Object.keys(COLUMNS), ...workers.map((worker) => Object.values(COLUMNS).map((cell) => cell(worker)))]);

function loadText({ running, waiting, slots }: WorkerJson): string {
  const count = running === undefined ? "-" : String(running);
  const ofSlots = slots === undefined ? count : `${count} of ${slots}`;
  return waiting === undefined || waiting === 0 ? ofSlots : `${ofSlots}, ${waiting} wait`;
}

function placeText({ url, port, reachable }: WorkerJson): string {
  const place = url === null ? `port ${port}` : `at ${url.replace(`//${THIS_HOST}:`, "//<this host>:")}`;
  return reachable === "loopback" ? `${place}, from this host alone` : place;
}

/** A line for each GPU, and one for the host. What is not known is left out. */
function hostText({ gpus, host }: Once["beat"]): string | undefined {
  if (host === undefined) return undefined; // nothing of it is told
  const lines = gpus?.map((gpu) => `gpu ${gpu.index}: ${gpuText(gpu)}`) ?? ["GPUs could not be read"];
  return [...lines, `host: ${memoryText(host)}`].join("\n");
}

function gpuText(gpu: GpuTelemetry): string {
  if (gpu.asleep) return "asleep, and not woken";
  const { utilization_percent: use, temperature_celsius: heat, power_watts: power } = gpu;
  const measured = [use !== null && `${use} % used`, heat !== null && `${heat} °C`, power !== null && `${power} W`];
  return [memoryText(gpu), ...measured.filter((one) => typeof one === "string")].join(", ");
}

function memoryText({
  memory_used_bytes: used,
  memory_total_bytes: total,
}: Pick<GpuTelemetry, "memory_used_bytes" | "memory_total_bytes">): string {
  const gb = (bytes: number | null) => (bytes === null ? "?" : (bytes / 2 ** 30).toFixed(1));
  return `${gb(used)} of ${gb(total)} GB of memory`;
}
