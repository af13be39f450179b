import { type ComponentChildren, Fragment } from "preact";
import { Age } from "../parts/age.tsx";
import { MemoryBar } from "../parts/bar.tsx";
import { Copy } from "../parts/copy.tsx";
import { Status } from "../parts/status.tsx";
import type { SeenRow } from "../state/fleet.ts";
import { hrefOf } from "../state/place.ts";
import { countText } from "../words/amounts.ts";
import { addressText, gpuTexts } from "../words/devices.ts";
import { LabelChips } from "./labels.tsx";

export interface Column {
  /** As `hivectl --columns` has it. */
  readonly name: string;
  readonly title: string;
  /** By what the queen sorts when its head is chosen. */
  readonly sort?: string;
  readonly isShown: boolean;
  cell(seen: SeenRow): ComponentChildren;
}

/** As many as a row has room for. */
const LABELS_IN_A_ROW = 4;

const None = () => <span class="none">–</span>;

export const COLUMNS: readonly Column[] = [
  { name: "status", title: "Status", sort: "status", isShown: true, cell: ({ row }) => <Status row={row} /> },
  { name: "id", title: "Hive", sort: "id", isShown: true, cell: ({ row: { hive } }) => <HiveLink id={hive.id} /> },
  { name: "address", title: "Address", isShown: true, cell: ({ row: { hive } }) => <Address {...hive} /> },
  {
    name: "gpus",
    title: "GPUs",
    isShown: true,
    cell: ({ row: { gpus } }) => <Gpus gpus={gpus} />,
  },
  {
    name: "cpu",
    title: "CPU, RAM",
    isShown: false,
    cell: ({ row: { hive } }) =>
      hive.devices?.cpu ? `${countText(hive.devices.cpu.cores, "core")}, ${hive.devices.cpu.ram_gb} GB` : <None />,
  },
  {
    name: "workers",
    title: "Workers",
    sort: "load",
    isShown: true,
    cell: ({ row }) => <Workers workers={row.workers} />,
  },
  {
    name: "models",
    title: "Models",
    isShown: false,
    cell: ({ row: { models } }) => <Listed texts={models ?? []} />,
  },
  {
    name: "vram",
    title: "VRAM",
    sort: "-free_vram",
    isShown: true,
    cell: ({ row: { vram } }) => <MemoryBar memory={vram} what="VRAM" />,
  },
  { name: "ram", title: "RAM", isShown: false, cell: ({ row: { ram } }) => <MemoryBar memory={ram} what="RAM" /> },
  {
    name: "beat",
    title: "Last beat",
    sort: "last_beat",
    isShown: true,
    cell: ({ row: { beat_age_ms: age }, atMs }) =>
      age === null ? <span class="none">never</span> : <Age sinceMs={atMs - age} />,
  },
  {
    name: "operation",
    title: "Operation",
    isShown: false,
    cell: ({ row: { last_operation: last } }) =>
      last ? <a href={hrefOf("operations", last.id)}>{`${last.kind} ${last.state}`}</a> : <None />,
  },
  {
    name: "added",
    title: "Added",
    isShown: false,
    cell: ({ row: { hive } }) => <Age sinceMs={hive.created_at_ms} />,
  },
  {
    name: "labels",
    title: "Labels",
    isShown: true,
    cell: ({ row: { hive } }) => <LabelChips {...hive} max={LABELS_IN_A_ROW} />,
  },
];

export const DEFAULT_COLUMNS: readonly string[] = COLUMNS.filter(({ isShown }) => isShown).map(({ name }) => name);

/** The columns that the address names, in the order of the table; the id is always there. */
export function columnsOf(query: URLSearchParams): readonly Column[] {
  const names = query.get("cols")?.split(",") ?? DEFAULT_COLUMNS;
  return COLUMNS.filter(({ name }) => name === "id" || names.includes(name));
}

const HiveLink = ({ id }: { id: string }) => (
  <span class="copied">
    <a class="id" href={hrefOf("hives", id)} title={id}>
      {id}
    </a>
    <Copy text={id} what="id" />
  </span>
);

function Address(hive: { host: string; port: number }) {
  const text = addressText(hive);
  return (
    <span class="copied">
      <span class="mono" title={text}>
        {text}
      </span>
      <Copy text={text} what="address" />
    </span>
  );
}

function Gpus({ gpus }: { gpus: SeenRow["row"]["gpus"] }) {
  const kinds = gpuTexts(gpus);
  return (
    <span class={gpus?.length ? "" : "soft"}>
      {kinds.map((kind, index) => (
        <span key={kind}>
          {kind}
          {index < kinds.length - 1 && ", "}
        </span>
      ))}
    </span>
  );
}

/** Each by itself: one that turns its direction turns none of the others. */
function Listed({ texts }: { texts: readonly string[] }) {
  if (texts.length === 0) return <None />;
  return (
    <span class="models" title={texts.join(", ")}>
      {texts.map((text, index) => (
        <Fragment key={text}>
          {index > 0 && ", "}
          <span>{text}</span>
        </Fragment>
      ))}
    </span>
  );
}

const STATES = ["busy", "idle", "loading", "error"] as const;

function Workers({ workers }: { workers: SeenRow["row"]["workers"] }) {
  if (workers === null) return <None />;
  const said = STATES.filter((state) => workers[state] > 0);
  if (said.length === 0) return <span class="soft">no worker</span>;
  return (
    <span class="workers">
      {said.map((state) => (
        <span key={state} class={`is-${state}`}>{`${workers[state]} ${state}`}</span>
      ))}
    </span>
  );
}
