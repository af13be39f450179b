import { gpuKinds, type Schema } from "@repo/queen-client";
import type { Kind } from "../output/records.ts";
import { type Cell, type Column, measured, timed } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";

export type HiveRow = Schema<"FleetRow">;

const GB = 2 ** 30;
const STYLES: Readonly<Record<string, Style>> = { online: "green", offline: "red", unknown: "yellow" };

/** `online,cordoned`: all that keeps work from it, in one word for `awk` and `cut`. */
export function statusText({ status, cordon, probation_until_ms, unreachable_since_ms, not_beating }: HiveRow): string {
  const { value } = status;
  const more = [
    cordon !== null && "cordoned",
    probation_until_ms !== null && "probation",
    unreachable_since_ms !== null && value === "online" && "unreachable",
    not_beating !== null && "not-beating",
  ];
  return [value, ...more.filter((one) => one !== false)].join(",");
}

function statusCell(row: HiveRow): Cell {
  const { value } = row.status;
  const isHeldBack = value === "online" && !isSteady(row);
  return { text: statusText(row), style: isHeldBack ? "yellow" : STYLES[value] };
}

const isSteady = (row: HiveRow): boolean => statusText(row) === "online";

function gpusText(gpus: HiveRow["gpus"]): string {
  return gpus === null ? "-" : gpuKinds(gpus).join(", ") || "none";
}

export function workersText(workers: HiveRow["workers"]): string {
  if (workers === null) return "-";
  const said = Object.entries(workers).filter(([, count]) => count > 0);
  return said.map(([state, count]) => `${count} ${state}`).join(", ") || "none";
}

/** What is used of what there is; a host without GPUs has no memory of theirs. */
export function memoryText({
  used_bytes: used,
  total_bytes: total,
}: Pick<HiveRow["ram"], "used_bytes" | "total_bytes">): string {
  const gb = (bytes: number | null) => (bytes === null ? "?" : String(Math.round(bytes / GB)));
  return total === null || total === 0 ? "-" : `${gb(used)}/${gb(total)}GB`;
}

export const labelsText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => (value === "" ? key : `${key}=${value}`))
    .join(",");

export const STATUS: Column<HiveRow> = { title: "STATUS", isWhole: true, cell: statusCell };
export const SINCE: Column<HiveRow> = {
  title: "SINCE",
  isAge: true,
  cell: ({ status }, times) => times.at(status.since_ms),
};
/** In the order of what is free, as the queen has it. */
export const VRAM = {
  cell: ({ vram }: HiveRow) => memoryText(vram),
  sortKey: ({ vram }: HiveRow) => vram.free_bytes,
};
export const LOAD = measured<HiveRow>(
  "LOAD",
  ({ load }) => load,
  (load) => percentText(load * 100),
);

export const HIVES: Kind<HiveRow> = {
  name: "hives",
  nameOf: ({ hive }) => hive.id,
  columns: [
    { title: "ID", cell: ({ hive }) => hive.id },
    STATUS,
    SINCE,
    { title: "GPUS", cell: ({ gpus }) => gpusText(gpus) },
    { title: "WORKERS", cell: ({ workers }) => workersText(workers) },
    { ...timed<HiveRow>("BEAT", ({ hive }) => hive.last_heartbeat_ms), isAge: true },
    { title: "ADDRESS", isWide: true, cell: ({ hive }) => addressText(hive) },
    { title: "CPU", isWide: true, cell: ({ hive }) => String(hive.devices?.cpu?.cores ?? "-") },
    { title: "RAM", isWide: true, cell: ({ ram }) => memoryText(ram) },
    { title: "VRAM", isWide: true, ...VRAM },
    { ...LOAD, isWide: true },
    { title: "AGE", isWide: true, isAge: true, cell: ({ hive }, times) => times.since(hive.created_at_ms) },
    { title: "LABELS", cell: ({ hive }) => labelsText(hive.labels) },
  ],
};

/** Of 0 to 100. */
export const percentText = (percent: number): string => `${Math.round(percent)}%`;

export const addressText = ({ host, port }: { host: string; port: number }): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;
