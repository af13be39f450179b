import { createHash } from "node:crypto";
import type { Reading } from "./adapter.ts";
import { addressIn, EITHER_LOOPBACK, isEvery, type Reachable } from "./listeners.ts";
import { isHere, type Target } from "./target.ts";
import type { WatchedServer } from "./watched-server.ts";

/** A queen takes no longer text. */
const MAX_TEXT_LENGTH = 256;
const HASH_LENGTH = 16;

/** Where a server is, as a heartbeat says it: without a url the queen makes one of the hive's host and the port. */
interface Address {
  readonly url: string | null;
  readonly port: number | null;
  readonly reachable: Reachable | undefined;
}

/** A worker as a heartbeat says it. What is not known is left out. */
export interface WorkerJson extends Address, Pick<Reading, "state" | "running" | "waiting" | "slots"> {
  readonly worker_id: string;
  readonly last_heartbeat: string;
  readonly health_status: string;
  readonly model_id: string | null;
  readonly server?: string | undefined;
  readonly backend?: string | undefined;
  readonly device_id?: number | undefined;
  readonly device_ids?: readonly number[] | undefined;
  readonly vram_bytes?: number | undefined;
  readonly ram_bytes?: number | undefined;
  readonly cpu_percent?: number | undefined;
  readonly gpu_percent?: number | undefined;
}

/** A model that a server would load if it were asked for it. */
export interface ModelOnDiskJson extends Address {
  readonly model: string;
  readonly bytes?: number | undefined;
  readonly server?: string | undefined;
}

/** Without what it takes of its host. */
export function workerToJson(server: WatchedServer, reading: Reading, advertiseHost: string): WorkerJson {
  return {
    worker_id: shortened(idOf(server, reading.model)),
    state: reading.state,
    last_heartbeat: new Date(server.answeredAtMs).toISOString(),
    health_status: cut(reading.health),
    ...addressOf(server.target, advertiseHost),
    model_id: reading.model,
    server: server.name && cut(server.name),
    running: reading.running,
    waiting: reading.waiting,
    slots: reading.slots,
    vram_bytes: reading.vramBytes,
  };
}

export function modelsOnDisk(server: WatchedServer, advertiseHost: string): ModelOnDiskJson[] {
  const address = addressOf(server.target, advertiseHost);
  const told = server.cold.filter(({ model }) => isTellable(model));
  return told.map(({ model, bytes }) => ({ model, bytes, server: server.name && cut(server.name), ...address }));
}

/** No half of a character is left at the end. */
const cut = (text: string, length = MAX_TEXT_LENGTH): string => text.slice(0, length).toWellFormed();

/** A shorter name would be another model. */
export const isTellable = (model: string | null): boolean => model === null || model.length <= MAX_TEXT_LENGTH;

/** The same after a restart of the server. */
function idOf({ kind, target, hasManyModels }: WatchedServer, model: string | null): string {
  const { base, port, isConfigured, process } = target;
  const isElsewhere = isConfigured && base !== undefined && !isHere(base);
  // Behind one port of a proxy there may be several.
  const path = process === undefined && base !== undefined ? pathOf(base) : "";
  const id = `${kind}-${isElsewhere ? `${base.hostname}:${port}` : port}${path}`;
  return hasManyModels && model !== null ? `${id}/${model}` : id;
}

function shortened(id: string): string {
  if (id.length <= MAX_TEXT_LENGTH) return id;
  const hash = createHash("sha256").update(id).digest("hex").slice(0, HASH_LENGTH);
  return `${cut(id, MAX_TEXT_LENGTH - HASH_LENGTH - 1)}-${hash}`;
}

/** In a url it stands for the name of this host, which the queen puts in its place. */
export const THIS_HOST = "0.0.0.0";

/** This agent does not know under which name others reach its host, unless it was told. A port alone says nothing of TLS, and of a path. */
function addressOf({ base, port, reachable, isConfigured }: Target, advertiseHost: string): Address {
  const isPlain = base === undefined || (base.protocol === "http:" && base.pathname === "/");
  const here: Address = { url: null, port: isPlain ? port : null, reachable };
  if (base === undefined) return here;
  if (isConfigured && !isHere(base)) return { ...here, url: urlOf(base, base.hostname) };
  if (reachable === "loopback") return isPlain && isUsual(base) ? here : { ...here, url: urlOf(base, base.hostname) };
  if (advertiseHost === "" && isPlain) return here;
  return { ...here, url: urlOf(base, advertiseHost || THIS_HOST, port) };
}

/** Whether a port alone stands for it. */
const isUsual = (base: URL): boolean =>
  ["127.0.0.1", EITHER_LOOPBACK].includes(base.hostname) || isEvery(addressIn(base));

const pathOf = ({ pathname }: URL): string => pathname.replace(/\/+$/, "");

function urlOf(base: URL, host: string, port: number | string = base.port): string {
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const place = port === "" ? name : `${name}:${port}`;
  return `${base.protocol}//${place}${pathOf(base)}`;
}
