import { type CpuDevice, type DeviceCapabilities, type GpuDevice, MAX_GPUS } from "./devices.ts";
import { GPU_VENDORS, type GpuVendor, identifyGpu, isRunOf, modelTokens, modelWords } from "./gpu-identity.ts";
import { GrammarError } from "./grammar-error.ts";
import {
  arrived,
  gigabytesOf,
  isIn,
  type Piece,
  parseCount,
  parseSize,
  piecesOf,
  printCount,
  printSize,
  type Range,
  trimmed,
} from "./size-range.ts";

/** Of the text of a requirement, in characters. */
const MAX_LENGTH = 500;
const MAX_NAMES = 32;
const ANY_COUNT: Range = { min: 1, max: null };

/** Throws a GrammarError. */
function wholeOf(text: string): Piece {
  if (text.length <= MAX_LENGTH) return { text, place: 0, next: "" };
  throw new GrammarError(MAX_LENGTH + 1, `at most ${MAX_LENGTH} characters`, text.slice(MAX_LENGTH));
}

/** A least size, or a range of sizes, of a host's main memory: `256GB`, `64GB..128GB`, `..32GB`. */
export class SizeRequirement {
  /** In MB of 2^20 bytes. */
  readonly sizeMb: Range;
  /** The whole GB that meet it: from 90 % of its lower end on. */
  readonly gb: Range;

  private constructor(sizeMb: Range) {
    this.sizeMb = sizeMb;
    this.gb = gigabytesOf(sizeMb);
  }

  /** Throws a GrammarError. */
  static parse(text: string): SizeRequirement {
    return new SizeRequirement(parseSize(trimmed(wholeOf(text))));
  }

  /** Whether the main memory of a host meets it; what is unknown does not. */
  matches(devices: Pick<DeviceCapabilities, "cpu"> | null): boolean {
    return devices?.cpu != null && isIn(this.gb, devices.cpu.ramGb);
  }

  /** The canonical form. */
  toString(): string {
    return printSize(this.sizeMb);
  }
}

/** A least number, or a range, of a host's CPU cores: `32`, `8..16`, `..4`. */
export class CoresRequirement {
  readonly cores: Range;

  private constructor(cores: Range) {
    this.cores = cores;
  }

  /** Throws a GrammarError. */
  static parse(text: string): CoresRequirement {
    return new CoresRequirement(parseCount(trimmed(wholeOf(text))));
  }

  /** Whether the CPU of a host meets it; what is unknown does not. */
  matches(devices: Pick<DeviceCapabilities, "cpu"> | null): boolean {
    return devices?.cpu != null && isIn(this.cores, devices.cpu.cores);
  }

  /** The canonical form. */
  toString(): string {
    return printCount(this.cores);
  }
}

/** What of devices a requirement of GPUs looks at. */
type AskedGpu = Pick<GpuDevice, "name" | "vendor" | "vramGb" | "unified">;
interface AskedDevices {
  readonly cpu: CpuDevice | null;
  readonly gpus: readonly AskedGpu[] | null;
}

type Parts = {
  vendor: GpuVendor | null;
  /** Empty for any. */
  names: readonly string[];
  /** Of one GPU, in MB of 2^20 bytes; null for any, the unknown included. */
  memoryMb: Range | null;
  /** How many such GPUs. */
  count: Range;
};

/**
 * What GPUs a host must have: `nvidia:24GB:2`, `H100,A100:80GB:8`, `40GB..80GB:4..8`, `amd`. Tokens in any order, each kind once at most; it asks
 * for `count` GPUs (at least one by default) of which each is by that vendor, of one of those names, with that memory.
 */
export class GpuRequirement {
  readonly vendor: GpuVendor | null;
  /** Models, such as `rtx4090`; empty for any. */
  readonly names: readonly string[];
  /** The whole GB of one GPU that meet it, from 90 % of what was asked for on; null for any. */
  readonly memoryGb: Range | null;
  /** How many such GPUs. */
  readonly count: Range;
  readonly #memoryMb: Range | null;
  readonly #squeezed: readonly string[];

  private constructor({ vendor, names, memoryMb, count }: Parts) {
    this.vendor = vendor;
    this.names = names;
    this.memoryGb = memoryMb && gigabytesOf(memoryMb);
    this.count = count;
    this.#memoryMb = memoryMb;
    this.#squeezed = names.map((name) => modelTokens(name).join(""));
  }

  /** Throws a GrammarError. */
  static parse(text: string): GpuRequirement {
    const parts: Partial<Parts> = {};
    for (const piece of piecesOf(wholeOf(text), ":")) {
      const [kind, value] = tokenIn(piece);
      if (kind in parts) throw new GrammarError(piece.place + 1, `one ${WORDS[kind]} at most`, piece.text);
      Object.assign(parts, { [kind]: value });
    }
    return new GpuRequirement({ vendor: null, names: [], memoryMb: null, count: ANY_COUNT, ...parts });
  }

  /** Whether these devices meet it. Unknown ones meet nothing, not even `0..0`; a unified GPU counts with the RAM of its host. */
  matches(devices: AskedDevices | null): boolean {
    if (devices?.gpus == null) return false;
    const { cpu, gpus } = devices;
    return isIn(this.count, gpus.filter((gpu) => this.#isMetBy(gpu, cpu)).length);
  }

  /** Whether a model, as `identifyGpu` says it, is one of the names. */
  matchesModel(model: string): boolean {
    const tokens = modelTokens(model);
    return this.names.length === 0 || this.#squeezed.some((name) => isRunOf(tokens, name));
  }

  #isMetBy(gpu: AskedGpu, cpu: CpuDevice | null): boolean {
    const { vendor, model } = identifyGpu(gpu.name, gpu.vendor);
    const gb = memoryGbOf(gpu, cpu);
    const hasMemory = this.memoryGb === null || (gb !== null && isIn(this.memoryGb, gb));
    return hasMemory && (this.vendor === null || this.vendor === vendor) && this.matchesModel(model);
  }

  /** The canonical form: vendor, names, memory, count, in this order. */
  toString(): string {
    const tokens = [
      this.vendor,
      this.names.join(","),
      this.#memoryMb && printSize(this.#memoryMb),
      this.count.min === 1 && this.count.max === null ? "" : printCount(this.count),
    ].filter((token) => token !== null && token !== "");
    return tokens.join(":") || printCount(this.count);
  }
}

/** The memory that a GPU works in, in GB; null where that is not known. */
export function memoryGbOf(gpu: Pick<GpuDevice, "vramGb" | "unified">, cpu: CpuDevice | null): number | null {
  return gpu.unified === true ? (cpu?.ramGb ?? null) : gpu.vramGb;
}

const WORDS = { vendor: "vendor", names: "list of names", memoryMb: "size", count: "count" } as const;

type Token = { [Kind in keyof Parts]: [Kind, Parts[Kind]] }[keyof Parts];

function tokenIn(piece: Piece): Token {
  const { text, place } = piece;
  if (!/^[a-z\d.]/i.test(text))
    throw new GrammarError(place + 1, "a vendor, a name, a size or a count", arrived(piece));
  const vendor = GPU_VENDORS.find((known) => known === text.toLowerCase());
  if (vendor !== undefined) return ["vendor", vendor];
  if (/^[a-z]/i.test(text)) return ["names", namesIn(piece)];
  return /[a-z]/i.test(text) ? ["memoryMb", parseSize(piece)] : ["count", gpuCountIn(piece)];
}

/** More than a hive has is no count: most likely a model without its letters. */
function gpuCountIn(piece: Piece): Range {
  const count = parseCount(piece);
  if (Math.max(count.min, count.max ?? 0) <= MAX_GPUS) return count;
  const rule = `a count of at most ${MAX_GPUS} (a name begins with a letter, such as rtx4090)`;
  throw new GrammarError(piece.place + 1, rule, piece.text);
}

function namesIn(piece: Piece): string[] {
  const names = piecesOf(piece, ",").map(nameIn);
  const distinct = [...new Set(names)].sort();
  if (distinct.length <= MAX_NAMES) return distinct;
  throw new GrammarError(piece.place + 1, `at most ${MAX_NAMES} names`, piece.text);
}

const NAME = /^[a-z][a-z0-9 ._-]*$/i;
const SIZE_WORD = /^\d+(?:\.\d+)?[gmt]i?b?$/i;

/** As models are compared: in lower case, without what no model has, and with nothing between letters and digits. */
function nameIn(piece: Piece): string {
  const { text, place } = piece;
  if (!NAME.test(text)) {
    throw new GrammarError(place + 1, "a name of letters and digits, with a letter first", arrived(piece));
  }
  const size = text.split(/[ _-]/).find((word) => SIZE_WORD.test(word));
  if (size !== undefined) throw new GrammarError(place + text.lastIndexOf(size) + 1, "':' before a size", size);
  const [first = "", ...others] = modelTokens(modelWords(text).join(" "));
  if (/^[a-z]/.test(first)) return others.reduce(joined, first);
  throw new GrammarError(place + 1, `a model such as H100, or a vendor (${GPU_VENDORS.join(", ")})`, text);
}

/** A letter and a digit next to each other part two tokens anyway; what begins with a digit and goes on could pass for a size. */
function joined(name: string, token: string): string {
  const isApart = /\d$/.test(name) === /^\d/.test(token) || /-\d+$/.test(name);
  return isApart ? `${name}-${token}` : name + token;
}
