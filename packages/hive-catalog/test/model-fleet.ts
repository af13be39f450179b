import { CoresRequirement, type DeviceCapabilities, GpuRequirement, SizeRequirement } from "@repo/device-types";
import fc from "fast-check";
import type { HiveCatalog } from "../src/catalog.ts";
import { HIVE_STATUSES, type HiveRecord } from "../src/model/hive.ts";
import { toHiveRecordJson } from "../src/model/hive-json.ts";
import type { Labels } from "../src/model/label.ts";
import { Selector } from "../src/model/selector.ts";
import type { FindOptions } from "../src/options.ts";
import { aHive } from "../src/testing.ts";
import { gpuTexts, selectorTexts } from "./query-texts.ts";
import type { Random } from "./random.ts";

type ModelHive = { record: HiveRecord; labels: Labels; cordoned: boolean };

const GPUS = [
  { name: "NVIDIA GeForce RTX 4090", vramGb: 24 },
  { name: "NVIDIA L4", vramGb: 22 },
  { name: "NVIDIA H100 80GB HBM3", vramGb: 80 },
  { name: "AMD Instinct MI300X", vramGb: 192 },
  { name: "Apple M3 Max", vramGb: null, unified: true },
  { name: "Graphics Device", vramGb: null },
];
const SELECTORS = [
  ...["", "env", "env=prod", "env!=prod", "!env", "nope", "!nope", "nope!=x", "zone in (z0,z3)", "zone notin (z0,z1)"],
  ...[
    "rack=r7",
    "rack in (r1,r2,r3),env=prod",
    "env=dev,zone=z1,rack",
    "team",
    "team=",
    "team,env in (dev,prod)",
    "a=b,c=d",
  ],
];
const GPU = [
  "nvidia",
  "24GB",
  "l4:2",
  "RTX 4090,H100:24GB..80GB",
  "amd:100GB:2..",
  "0..0",
  "nvidia:0..0",
  "h200",
  "apple:64GB",
  "1..1",
];

/** How many texts of each sort are made up. */
const GENERATED = 400;
const key = fc.constantFrom("env", "zone", "rack", "team", "nope");
const value = fc.constantFrom("prod", "dev", "z0", "z1", "z2", "z3", "r1", "r2", "r7", "", "x");
const gpuName = fc.constantFrom("rtx 4090", "rtx4090", "l4", "H100", "mi300x", "m3", "m3 max", "h200");

/** A fleet of which a catalog has a copy, and what must be found in it by the plainest of filters. */
export class ModelFleet {
  readonly hives = new Map<string, ModelHive>();
  readonly #random: Random;
  readonly #selectors: readonly string[];
  readonly #gpus: readonly string[];

  constructor(random: Random) {
    this.#random = random;
    const made = (texts: fc.Arbitrary<string>) =>
      fc.sample(texts, { numRuns: GENERATED, seed: random.integer(0, 2 ** 31 - 1) });
    this.#selectors = made(selectorTexts(key, value));
    this.#gpus = made(gpuTexts(gpuName));
  }

  /** SQL that adds so many hives to a catalog, which this one has then. The rows of their GPUs are to be derived. */
  fill(count: number): string[] {
    for (let n = 0; n < count; n++) {
      const record = this.#record(`hive-${String(n).padStart(4, "0")}`);
      this.hives.set(record.id, { record, labels: this.#labels(), cordoned: false });
    }
    const all = [...this.hives.values()];
    const hives = all.map(({ record }) => {
      const { devices, ...columns } = toHiveRecordJson(record);
      return { ...columns, devices_json: devices && JSON.stringify(devices) };
    });
    const labels = all.flatMap(({ record, labels }) =>
      Object.entries(labels).map(([key, value]) => ({ hive_id: record.id, key, value })),
    );
    return [insertOf("hives", hives), insertOf("hive_labels", labels)];
  }

  /** Changes a hive, adds or removes one, in both. */
  async change(catalog: HiveCatalog): Promise<void> {
    const random = this.#random;
    const id = this.#anyId();
    const hive = this.hives.get(id);
    if (hive === undefined) {
      const labels = this.#labels();
      this.hives.set(id, { record: await catalog.addHive({ ...this.#record(id), labels }), labels, cordoned: false });
      return;
    }
    const changes = [
      async () => {
        const labels = await catalog.labels.set(id, this.#labels());
        this.hives.set(id, { ...hive, labels });
      },
      async () => {
        const record = await catalog.patchHive(id, { devices: this.#devices(), status: this.#status() });
        this.hives.set(id, { ...hive, record });
      },
      async () => {
        await (hive.cordoned ? catalog.cordons.lift(id) : catalog.cordons.set(id, { reason: "test" }));
        this.hives.set(id, { ...hive, cordoned: !hive.cordoned });
      },
      async () => {
        await catalog.removeHive(id);
        this.hives.delete(id);
      },
    ];
    await random.pick(changes)();
  }

  query(): FindOptions {
    const random = this.#random;
    const some = <Value>(value: () => Value, share: number) => (random.next() < share ? value() : undefined);
    return {
      selector: some(() => random.pick(random.next() < 0.5 ? SELECTORS : this.#selectors), 0.7),
      gpu: some(() => random.pick(random.next() < 0.5 ? GPU : this.#gpus), 0.3),
      ram: some(() => random.pick(["64GB", "..64GB", "100GB..512GB"]), 0.15),
      cores: some(() => random.pick(["16", "..8", "32..32"]), 0.15),
      status: some(() => random.pick([this.#status(), [this.#status(), random.pick(HIVE_STATUSES)]]), 0.35),
      cordoned: some(() => random.next() < 0.5, 0.15),
      text: some(() => random.pick(["HIVE-00", "7", "z1", "10.0", "ä"]), 0.15),
      ids: some(() => Array.from({ length: 60 }, () => this.#anyId()), 0.15),
      descending: some(() => random.next() < 0.8, 0.4),
    };
  }

  /** The ids of what is to be found between two places. */
  expected(options: FindOptions, after?: string, until: string | null = null): string[] {
    const { descending = false, ids: among } = options;
    const selector = Selector.parse(options.selector ?? "");
    const requirements = [
      ...(options.gpu === undefined ? [] : [GpuRequirement.parse(options.gpu)]),
      ...(options.ram === undefined ? [] : [SizeRequirement.parse(options.ram)]),
      ...(options.cores === undefined ? [] : [CoresRequirement.parse(options.cores)]),
    ];
    const text = options.text?.toLowerCase();
    const isFound = ({ record, labels, cordoned }: ModelHive) =>
      selector.matches(labels) &&
      requirements.every((requirement) => requirement.matches(record.devices)) &&
      [options.status ?? record.status].flat().includes(record.status) &&
      (options.cordoned ?? cordoned) === cordoned &&
      among?.includes(record.id) !== false &&
      (text === undefined ||
        [record.id, record.host, ...Object.values(labels)].some((held) => held.toLowerCase().includes(text)));
    const isBehind = (id: string, place: string) => (descending ? id < place : id > place);
    const isBetween = (id: string) => (after === undefined || isBehind(id, after)) && !(until && isBehind(id, until));
    const hives = [...this.hives.values()].filter((hive) => isBetween(hive.record.id) && isFound(hive));
    const found = hives.map(({ record }) => record.id);
    return descending ? found.sort().reverse() : found.sort();
  }

  #anyId(): string {
    return `hive-${String(this.#random.integer(0, this.hives.size)).padStart(4, "0")}`;
  }

  #record(id: string): HiveRecord {
    const host = `10.0.${this.#random.integer(0, 9)}.1`;
    return aHive({ id, host, status: this.#status(), devices: this.#devices() });
  }

  #status(): HiveRecord["status"] {
    return this.#random.next() < 0.9 ? "online" : this.#random.pick(["offline", "unknown"] as const);
  }

  #labels(): Labels {
    const random = this.#random;
    const all: [string, string, number][] = [
      ["env", random.next() < 0.9 ? "prod" : "dev", 0.95],
      ["zone", `z${random.integer(0, 4)}`, 0.8],
      ["rack", `r${random.integer(0, 30)}`, 0.9],
      ["team", random.pick(["", "ml"]), 0.03],
    ];
    return Object.fromEntries(all.filter(([, , share]) => random.next() < share));
  }

  #devices(): DeviceCapabilities | null {
    const random = this.#random;
    if (random.next() < 0.1) return null;
    const gpus = Array.from({ length: random.integer(0, 3) }, (_, index) => ({ index, ...random.pick(GPUS) }));
    const cpu =
      random.next() < 0.1 ? null : { cores: random.pick([8, 16, 32]), ramGb: random.pick([32, 64, 128, 1024]) };
    return { cpu, gpus: random.next() < 0.05 ? null : gpus };
  }
}

function insertOf(table: string, rows: readonly object[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = columns.map((column) => `value ->> '${column}'`).join(", ");
  const json = JSON.stringify(rows).replaceAll("'", "''");
  return `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${cells} FROM json_each('${json}')`;
}
