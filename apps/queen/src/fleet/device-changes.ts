import { type DeviceCapabilities, type GpuDevice, toDeviceCapabilitiesJson } from "@repo/device-types";
import { printable } from "@repo/process-log/printable";

const MAX_NAMES = 4;
const MAX_LENGTH = 500;

/** What a hive reports, completed by what it could not read, or does not say of a GPU of the same name. */
export function withKnown({ cpu, gpus }: DeviceCapabilities, was: DeviceCapabilities | null): DeviceCapabilities {
  const before = was?.gpus ?? null;
  return { cpu: cpu ?? was?.cpu ?? null, gpus: gpus?.map((gpu) => ({ ...commonOf(gpu, before), ...gpu })) ?? before };
}

/** What all GPUs of one name have in common. */
function commonOf({ name }: GpuDevice, gpus: readonly GpuDevice[] | null) {
  const { vendor, backend } = gpus?.find((gpu) => gpu.name === name) ?? {};
  return { ...(vendor !== undefined && { vendor }), ...(backend !== undefined && { backend }) };
}

/** In words, what is other about these devices; undefined when nothing is. */
export function changeOf(was: DeviceCapabilities | null, devices: DeviceCapabilities): string | undefined {
  if (was === null) return `${cpuIn(devices)}, ${gpusIn(devices)}`;
  const parts: string[] = [];
  if (cpuIn(was) !== cpuIn(devices)) parts.push(`${cpuIn(devices)} instead of ${cpuIn(was)}`);
  if (gpusIn(was) !== gpusIn(devices)) parts.push(`${gpusIn(devices)} instead of ${gpusIn(was)}`);
  else if (jsonOf(was) !== jsonOf(devices)) parts.push("the same GPUs by name, otherwise told");
  return parts.length === 0 ? undefined : parts.join("; ");
}

/** Sentences that hold a hive's own words, as one that is neither long nor steers a terminal. */
export function oneLine(sentences: readonly string[]): string {
  const text = printable(sentences.join("; "));
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;
}

const jsonOf = ({ gpus }: DeviceCapabilities): string => JSON.stringify(toDeviceCapabilitiesJson({ cpu: null, gpus }));

const cpuIn = ({ cpu }: DeviceCapabilities): string =>
  cpu === null ? "an unknown CPU" : `${cpu.cores} cores and ${cpu.ramGb} GB of RAM`;

function gpusIn({ gpus }: DeviceCapabilities): string {
  if (gpus === null) return "unknown GPUs";
  if (gpus.length === 0) return "no GPUs";
  const counts = new Map<string, number>();
  for (const { name } of gpus) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts].map(([name, count]) => `${count} × ${name}`);
  const further = names.length - MAX_NAMES;
  return `${names.slice(0, MAX_NAMES).join(" and ")}${further > 0 ? ` and ${further} other kinds of GPU` : ""}`;
}
