import type { Fleet } from "../fleet/fleet.ts";
import type { Clock } from "../process/clock.ts";
import { inBatches } from "../process/turn.ts";

/** So many are written in one turn of the event loop. */
const LINES_OF_PIECE = 1000;

interface Parts {
  readonly fleet: Fleet;
  readonly clock: Clock;
}

type Series = Iterable<[labels: Readonly<Record<string, string | number>>, value: number]>;

/** The series of each single hive, for Prometheus, in pieces, each made in a turn of its own: of 10,000 hives with 8 GPUs each they are 30 MB. */
export async function* hiveSeries(parts: Parts, turn: () => Promise<void>): AsyncGenerator<Buffer, void, undefined> {
  for await (const lines of inBatches(linesOf(parts), LINES_OF_PIECE, turn)) yield Buffer.from(lines.join(""));
}

/** What is not known is absent. */
function* linesOf({ fleet, clock }: Parts): Generator<string, void, undefined> {
  const nowMs = clock.monotonicNow();
  const sights = [...fleet.sights()];
  const hives = [...fleet.registry.workload()];

  yield* gauge("queen_hive_online", "1 for a hive that is online, 0 for one that is not", function* () {
    for (const { id, status } of sights) yield [{ hive_id: id }, status === "online" ? 1 : 0];
  });
  yield* gauge(
    "queen_hive_heartbeat_age_seconds",
    "Age of the last heartbeat of a hive; absent before the first",
    function* () {
      for (const { id, beatAtMs } of sights)
        if (beatAtMs !== undefined) yield [{ hive_id: id }, (nowMs - beatAtMs) / 1000];
    },
  );
  yield* gauge("queen_hive_workers", "Workers of a live hive by state", function* () {
    for (const { id, workers } of hives) {
      const counts = new Map<string, number>();
      for (const { state } of workers) counts.set(state, (counts.get(state) ?? 0) + 1);
      for (const [state, count] of counts) yield [{ hive_id: id, state }, count];
    }
  });
  for (const [name, help, field] of BY_GPU) {
    yield* gauge(`queen_hive_gpu_${name}`, help, function* () {
      for (const { id, reading } of hives) {
        for (const { index, [field]: value } of reading?.gpus ?? [])
          if (value !== null) yield [{ hive_id: id, gpu: index }, value];
      }
    });
  }
}

const BY_GPU = [
  ["memory_total_bytes", "Memory of a GPU", "memoryTotalBytes"],
  ["memory_used_bytes", "What is used of it, whoever uses it", "memoryUsedBytes"],
  ["utilization_percent", "How much of the time it works", "utilizationPercent"],
  ["temperature_celsius", "How warm it is", "temperatureCelsius"],
  ["power_watts", "What it draws", "powerWatts"],
] as const;

function* gauge(name: string, help: string, series: () => Series): Generator<string, void, undefined> {
  yield `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`;
  for (const [labels, value] of series()) yield `${name}{${labelsOf(labels)}} ${value}\n`;
}

const labelsOf = (labels: Readonly<Record<string, string | number>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(String(value))}"`)
    .join(",");

/** Another program may have stored any text as an id. */
const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
