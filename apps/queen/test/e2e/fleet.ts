import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { folderInMemory, temporaryFolder } from "@repo/hive-catalog/testing";
import { Daemon, spawnQueen } from "../daemon.ts";
import { RACK } from "../programs.ts";
import { until } from "../until.ts";

/** A hive that gets no turn for this long would rightly be offline: long enough for a machine that is busy with other tests. */
export const STALE_AFTER_MS = 2000;
const HEALTH_INTERVAL_MS = 1000;
const BEAT_INTERVAL_MS = 100;
/** Of hives of which there are many, so that they are not all asked for them at once. */
const DEVICES = { cpu: { cores: 8, ram_gb: 32 }, gpus: [] };

/** A row of the catalog's file. */
export interface HiveRow {
  id: string;
  status: string;
  last_heartbeat_ms: number | null;
  devices_json: string | null;
  created_at_ms: number;
  updated_at_ms: number;
}

/** What the test reads of a record and of a state. */
export type Json = Record<string, unknown>;

interface CommonOptions {
  port?: number;
  /** What it takes for the queen. */
  queen?: string;
  beatIntervalMs?: number;
  /** The urls of the llama-servers that it is told of. */
  workers?: readonly string[];
}

interface HiveOptions extends CommonOptions {
  gpus?: number;
  /** The script of its nvidia-smi, by default one that lists so many GPUs. */
  nvidiaSmi?: string;
}

interface RackOptions extends Pick<CommonOptions, "queen" | "beatIntervalMs"> {
  workersOf?: (id: string) => readonly string[];
}

type Folder = Awaited<ReturnType<typeof temporaryFolder>>;

/** The real processes of one test around one catalog file. All of them end with it. */
export class Fleet implements AsyncDisposable {
  readonly file: string;
  readonly #folder: Folder;
  readonly #catalog: Folder;
  readonly #daemons: Daemon[] = [];
  readonly #ports = new Map<string, number>();
  readonly #paths = new Map<string, Promise<string>>();
  #origin = "";

  /** Where the files of the test are. */
  get folder(): string {
    return this.#folder.path;
  }

  /** Of the queen. */
  get origin(): string {
    return this.#origin;
  }

  private constructor(folder: Folder, catalog: Folder) {
    this.#folder = folder;
    this.#catalog = catalog;
    this.file = join(catalog.path, "hives.db");
  }

  static async create(): Promise<Fleet> {
    // Programs cannot be run from every folder that is in memory.
    return new Fleet(await temporaryFolder(), await folderInMemory());
  }

  /** Starts a queen, at the port of the one before if there was one, and waits until it listens. */
  async startQueen(env: NodeJS.ProcessEnv = {}): Promise<Daemon> {
    const queen = spawnQueen([], {
      QUEEN_DATABASE: this.file,
      QUEEN_HEALTH_INTERVAL_MS: String(HEALTH_INTERVAL_MS),
      QUEEN_STALE_AFTER_MS: String(STALE_AFTER_MS),
      QUEEN_PORT: this.#origin === "" ? "0" : new URL(this.#origin).port,
      ...env,
    });
    this.#daemons.push(queen);
    this.#origin = await queen.origin();
    return queen;
  }

  /** Starts a hive on a host with `gpus` GPUs, and waits until it listens. */
  async startHive(id: string, options: HiveOptions = {}): Promise<Daemon> {
    const { gpus = 0, nvidiaSmi = nvidiaSmiOf(gpus) } = options;
    const PATH = await this.#pathWith(nvidiaSmi);
    const hive = new Daemon("hive", [], { ...this.#settingsOf(id, options), PATH });
    this.#daemons.push(hive);
    await hive.origin();
    return hive;
  }

  /**
   * Starts hives on the hosts of one rack, which are one process and end and stand still together. Waits until all of them listen, and adds
   * them; those that ran before listen at the same ports.
   */
  async startRack(ids: readonly string[], { workersOf, ...options }: RackOptions = {}): Promise<Daemon> {
    const settings = ids.map((id) =>
      this.#settingsOf(id, { ...options, port: this.#ports.get(id) ?? 0, workers: workersOf?.(id) ?? [] }),
    );
    const PATH = await this.#pathWith(nvidiaSmiOf(0));
    const rack = new Daemon("hive", [JSON.stringify(settings)], { PATH }, RACK);
    this.#daemons.push(rack);
    const listening = await rack.listening(ids.length);
    const isNew = listening.filter(({ hive }) => !this.#ports.has(String(hive)));
    for (const { hive, port } of isNew) {
      this.#ports.set(String(hive), Number(port));
      await this.add(String(hive), Number(port), "127.0.0.1", DEVICES);
    }
    return rack;
  }

  async request(method: string, path: string, json?: unknown): Promise<{ status: number; body: Json }> {
    const answer = await fetch(this.#origin + path, {
      method,
      ...(json !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(json) }),
    });
    return { status: answer.status, body: (await answer.json()) as Json };
  }

  /** Adds a hive at `host` and `port` over HTTP. */
  async add(id: string, port: number, host = "127.0.0.1", devices?: Json): Promise<void> {
    const { status, body } = await this.request("POST", "/v1/hives", { id, host, port, devices });
    if (status !== 201) throw new Error(`${id} was not added: ${JSON.stringify(body)}`);
  }

  /** What `/metrics` says of that series. */
  async metric(series: string): Promise<number> {
    const page = await (await fetch(`${this.#origin}/metrics`)).text();
    const line = page.split("\n").find((one) => one.startsWith(`${series} `));
    return Number(line?.slice(series.length));
  }

  async stateOf(id: string): Promise<Json> {
    return (await this.request("GET", `/v1/hives/${id}/state`)).body;
  }

  /** Waits until the file has that status. */
  async untilStatus(id: string, status: string): Promise<void> {
    await until(`${id} is ${status}`, async () => (await this.row(id)).status === status);
  }

  /** The rows as the file has them for another program, by id. */
  async rows(): Promise<HiveRow[]> {
    const rows = await this.#query("SELECT * FROM hives ORDER BY id");
    return rows as unknown as HiveRow[];
  }

  async row(id: string): Promise<HiveRow> {
    const row = (await this.rows()).find((one) => one.id === id);
    if (row === undefined) throw new Error(`there is no row ${id}`);
    return row;
  }

  /** "ok", or what SQLite finds wrong with the file. */
  async integrity(): Promise<unknown> {
    const rows = await this.#query("PRAGMA integrity_check");
    return rows.map(({ integrity_check }) => integrity_check).join();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#daemons.map((daemon) => daemon[Symbol.asyncDispose]()));
    await Promise.all([this.#folder[Symbol.asyncDispose](), this.#catalog[Symbol.asyncDispose]()]);
  }

  async #query(sql: string): Promise<Json[]> {
    const client = createClient({ url: `file:${this.file}` });
    try {
      const { rows } = await client.execute(sql);
      return rows.map((row) => ({ ...row }));
    } finally {
      client.close();
    }
  }

  #settingsOf(id: string, options: CommonOptions): Record<string, string> {
    const { port = 0, queen = this.#origin, beatIntervalMs = BEAT_INTERVAL_MS, workers = [] } = options;
    return {
      HIVE_ID: id,
      HIVE_PORT: String(port),
      HIVE_QUEEN: queen,
      HIVE_BEAT_INTERVAL_MS: String(beatIntervalMs),
      // They stand for other hosts: what runs on this one is not theirs, and fifty that look for it leave no time for anything else.
      HIVE_DISCOVER: "false",
      HIVE_WORKERS: workers.map((url) => `llamacpp=${url}`).join(),
      // A machine that is busy with other tests makes no worker one that does not answer.
      HIVE_WORKER_TIMEOUT_MS: "5000",
      HIVE_TELEMETRY: "false",
    };
  }

  /** A PATH with nothing but that nvidia-smi. Made once: an agent that runs one keeps it from being written. */
  #pathWith(nvidiaSmi: string): Promise<string> {
    const path = this.#paths.get(nvidiaSmi) ?? this.#makePath(`bin-${this.#paths.size}`, nvidiaSmi);
    this.#paths.set(nvidiaSmi, path);
    return path;
  }

  async #makePath(name: string, nvidiaSmi: string): Promise<string> {
    const path = join(this.#folder.path, name);
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "nvidia-smi"), `#!/bin/sh\n${nvidiaSmi}\n`);
    await chmod(join(path, "nvidia-smi"), 0o755);
    return path;
  }
}

/** What the real one says of a host with so many GPUs. */
function nvidiaSmiOf(gpus: number): string {
  const lines = Array.from({ length: gpus }, (_, index) => `echo "${index}, NVIDIA H100 80GB HBM3, 81559"`);
  return gpus === 0 ? 'echo "No devices were found"; exit 6' : lines.join("\n");
}

/** So many ids, in their order. */
export const hiveIds = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `hive-${String(n).padStart(2, "0")}`);

/** The changes of status that a queen has logged, as "hive-a: unknown → online". */
export const changesOf = (queen: Daemon): string[] =>
  queen.logLines.filter(({ was }) => was !== undefined).map((line) => `${line.hive_id}: ${line.was} → ${line.status}`);
