import type { Schema } from "@repo/queen-client";
import { useRef } from "preact/hooks";
import { MemoryBar } from "../parts/bar.tsx";
import { countText } from "../words/amounts.ts";
import { Spark } from "./spark.tsx";

type State = Schema<"HiveState">;
type Gpu = State["gpus"][number];

/** CPU and GPUs with what of them is in use now, and what the page has seen of that. */
export function Devices({ state, devices }: { state: State; devices: Schema<"StoredHive">["devices"] }) {
  const { gpus, ram, cpu_percent: cpu, read_age_ms: readAt } = state;
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
            <Figure value={cpu} unit="%" max={100} what="load of the CPU" />
          </dd>
        </div>
        {gpus.map((gpu) => (
          <GpuRow key={gpu.index} gpu={gpu} />
        ))}
      </dl>
      {devices?.gpus?.length === 0 && <p class="soft">No GPU.</p>}
      {devices?.gpus == null && <p class="soft">GPUs are not detected yet: “Detect devices” asks the hive.</p>}
      {!state.live && readAt !== null && <p class="hint">What is in use is as its last beat told.</p>}
      {state.live && readAt === null && (
        <p class="hint">This hive measures nothing: figures are what devices and workers say.</p>
      )}
    </section>
  );
}

function GpuRow({ gpu }: { gpu: Gpu }) {
  const { index, name, utilization_percent: load, temperature_celsius: heat, power_watts: power, asleep } = gpu;
  return (
    <div>
      <dt>
        <span class="soft">{index}</span> {name ?? "GPU"}
        {asleep && <span class="soft"> asleep</span>}
      </dt>
      <dd>
        <MemoryBar memory={gpu} what={`Memory of GPU ${index}`} />
      </dd>
      <dd class="figures">
        <Figure value={load} unit="%" max={100} what={`load of GPU ${index}`} />
        <Figure value={heat} unit=" °C" max={100} what={`temperature of GPU ${index}`} />
        <Figure value={power} unit=" W" max={undefined} what={`power of GPU ${index}`} />
      </dd>
    </div>
  );
}

interface FigureProps {
  readonly value: number | null;
  readonly unit: string;
  /** Undefined: as much as was seen. */
  readonly max: number | undefined;
  readonly what: string;
}

const MAX_SEEN = 60;

/** A value, and a line of what it was since the page was opened. */
function Figure({ value, unit, max, what }: FigureProps) {
  const seen = useRef<number[]>([]);
  if (value === null) return null;
  seen.current = [...seen.current, value].slice(-MAX_SEEN);
  return (
    <span class="figure-line" title={what}>
      <Spark values={seen.current} max={max ?? Math.max(...seen.current, 1)} />
      <span class="figure">{`${Math.round(value)}${unit}`}</span>
    </span>
  );
}
