import type { Schema } from "@repo/queen-client";
import { useRef } from "preact/hooks";
import { MemoryBar } from "../parts/bar.tsx";
import { countText } from "../words/amounts.ts";
import { type Series, withReading } from "./series.ts";

type State = Schema<"HiveState">;
type Gpu = State["gpus"][number];

interface Props {
  readonly state: State;
  readonly devices: Schema<"StoredHive">["devices"];
  /** When the queen was asked. */
  readonly atMs: number;
}

/** CPU and GPUs with what of them is in use now, and what the page has seen of that. */
export function Devices({ state, devices, atMs }: Props) {
  const { gpus, ram, cpu_percent: cpu, read_age_ms: readAge, last_beat_age_ms: beatAge } = state;
  const readAtMs = atMs - (readAge ?? beatAge ?? 0);
  return (
    <section class="panel">
      <h2>Devices</h2>
      <dl class="devices">
        <div>
          <dt>{devices?.cpu ? countText(devices.cpu.cores, "core") : "CPU not detected"}</dt>
          <dd>
            <MemoryBar memory={ram} what="RAM" />
          </dd>
          <dd class="figures">
            <Figure value={usedPercent(ram)} unit="% RAM" max={100} what="RAM in use" readAtMs={readAtMs} />
            <Figure value={cpu} unit="% load" max={100} what="load of the CPU" readAtMs={readAtMs} />
          </dd>
        </div>
        {gpus.map((gpu) => (
          <GpuRow key={gpu.index} gpu={gpu} readAtMs={readAtMs} />
        ))}
      </dl>
      {devices?.gpus?.length === 0 && <p class="soft">No GPU.</p>}
      {devices?.gpus == null && <p class="soft">GPUs are not detected yet: “Detect devices” asks the hive.</p>}
      {!state.live && readAge !== null && <p class="hint">What is in use is as its last beat told.</p>}
      {state.live && readAge === null && (
        <p class="hint">This hive measures nothing: figures are what devices and workers say.</p>
      )}
    </section>
  );
}

function GpuRow({ gpu, readAtMs }: { gpu: Gpu; readAtMs: number }) {
  const { index, name, utilization_percent: load, temperature_celsius: heat, power_watts: power, asleep } = gpu;
  return (
    <div>
      <dt>
        <span class="soft">{index}</span> <span>{name ?? "GPU"}</span>
        {asleep && <span class="soft"> asleep</span>}
      </dt>
      <dd>
        <MemoryBar memory={gpu} what={`Memory of GPU ${index}`} />
      </dd>
      <dd class="figures">
        <Figure
          value={usedPercent(gpu)}
          unit="% memory"
          max={100}
          what={`memory in use of GPU ${index}`}
          readAtMs={readAtMs}
        />
        <Figure value={load} unit="% load" max={100} what={`load of GPU ${index}`} readAtMs={readAtMs} />
        <Figure value={heat} unit=" °C" max={100} what={`temperature of GPU ${index}`} readAtMs={readAtMs} />
        <Figure value={power} unit=" W" max={undefined} what={`power of GPU ${index}`} readAtMs={readAtMs} />
      </dd>
    </div>
  );
}

function usedPercent({ used_bytes: used, total_bytes: total }: Pick<Gpu, "used_bytes" | "total_bytes">): number | null {
  return used === null || total === null || total === 0 ? null : (100 * used) / total;
}

interface FigureProps {
  readonly value: number | null;
  readonly unit: string;
  /** Undefined: as much as was seen. */
  readonly max: number | undefined;
  readonly what: string;
  readonly readAtMs: number;
}

/** A value, and a line of what it was since the page was opened. */
function Figure({ value, unit, max, what, readAtMs }: FigureProps) {
  const seen = useRef<Series | undefined>(undefined);
  if (value === null) return null;
  seen.current = withReading(seen.current, value, readAtMs);
  const { values } = seen.current;
  return (
    <span class="figure-line" title={what}>
      <Spark values={values} max={max ?? Math.max(...values, 1)} />
      <span class="figure">{`${paddedText(value)}${unit}`}</span>
    </span>
  );
}

/** In spaces as wide as a digit, so that what stands behind it stays where it is. */
const paddedText = (value: number): string => String(Math.round(value)).padStart(3, "\u2007");

const [SPARK_WIDTH, SPARK_HEIGHT] = [60, 16];

/** The last values as a small line. */
function Spark({ values, max }: { values: readonly number[]; max: number }) {
  const stepX = SPARK_WIDTH / Math.max(values.length - 1, 1);
  const points = values.map((value, index) => {
    const y = SPARK_HEIGHT - 1 - (Math.min(value, max) / max) * (SPARK_HEIGHT - 2);
    return `${(index * stepX).toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg class="spark" viewBox={`0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points.join(" ")} />
    </svg>
  );
}
