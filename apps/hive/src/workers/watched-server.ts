import {
  type Adapter,
  AnotherServer,
  type ColdModel,
  KEYS_SETTING,
  loading,
  type Program,
  type Reading,
  type Server,
  type ServerKind,
  type ServerReading,
  wantsKey,
} from "./adapter.ts";
import { ADAPTERS } from "./adapters.ts";
import type { Answer, Ask } from "./ask.ts";
import { kindIn, UNKNOWN_PATHS } from "./identify.ts";
import type { Target } from "./target.ts";

export const MAX_MODELS = 32;
/** So many readings in a row without an answer, and it is no longer believed to come back by itself. */
const FAILURES_UNTIL_ERROR = 3;
const REFUSED_MS = 60_000;
const NEEDS_NAME = "it speaks TLS: name it with HIVE_WORKERS, as https and by the name in its certificate";
const RENAME = ": HIVE_WORKERS can name it without a kind";
const NEVER = Number.NEGATIVE_INFINITY;

/** Gives the way to ask an address for these paths. */
export type AskOf = (base: URL, paths: readonly string[], isConfigured: boolean) => Ask;
type Asking = (base: URL, paths: readonly string[]) => Ask;

/** Reads servers, one after the other. */
interface Reader {
  readonly askOf: AskOf;
  /** By the wall clock. */
  readonly nowMs: number;
  /** Whether the time of the reading is over, and it had not all of it: that it did not answer says nothing of it then. */
  isCutShort(): boolean;
}

/** One server, from reading to reading. */
export class WatchedServer {
  target: Target;
  #adapter: Adapter | undefined;
  #read: ((server: Server) => Promise<ServerReading>) | undefined;
  /** What it calls itself; undefined until it has said so. */
  name: string | undefined;
  #reading: ServerReading = { readings: [] };
  /** Whether its last answers were those of its kind. */
  #fits = false;
  readonly #refused = new Map<string, { readonly answer: Answer; readonly atMs: number }>();
  #failures = 0;
  #reason = "";
  /** By a clock that never jumps. */
  #seenMs: number;
  /** By the wall clock: of its last answer. */
  answeredAtMs: number;
  askedMs = NEVER;
  #misfit: string | undefined;

  constructor(target: Target, nowMs: number) {
    this.target = target;
    this.#seenMs = performance.now();
    this.answeredAtMs = nowMs;
  }

  /** Known after the first answer of a server whose kind nobody said. */
  get kind(): string {
    return this.#adapter?.kind ?? this.target.kind ?? "openai";
  }

  get isSilent(): boolean {
    return this.#failures > 0;
  }

  /** Why nothing is told of it; undefined where something is. */
  get leftOut(): string | undefined {
    if (this.#misfit !== undefined) return this.#misfit;
    if (this.askedMs === NEVER) return "it was not asked yet: others before it are slow";
    if (this.readings.length + this.cold.length > 0) return undefined;
    return this.isSilent ? `it does not answer: ${this.#reason}` : "it has no model";
  }

  /** Whether it has more models than are told of. */
  get hasMoreModels(): boolean {
    return this.#reading.readings.length > MAX_MODELS || (this.#reading.cold ?? []).length > MAX_MODELS;
  }

  get hasManyModels(): boolean {
    return this.#reading.hasManyModels === true || this.#reading.readings.length > 1;
  }

  get cold(): readonly ColdModel[] {
    return this.#failures > 0 ? [] : (this.#reading.cold ?? []).slice(0, MAX_MODELS);
  }

  /** Without an answer the last ones stand, and are not healthy. */
  get readings(): readonly Reading[] {
    const { readings } = this.#reading;
    if (this.#failures === 0) return readings.slice(0, MAX_MODELS);
    const health = `no answer for ${Math.round((performance.now() - this.#seenMs) / 1000)} s: ${this.#reason}`;
    const isLost = this.#failures >= FAILURES_UNTIL_ERROR;
    const last = readings.length > 0 || this.#reading.hasManyModels ? readings : [loading(this.#toldModel)];
    return last.slice(0, MAX_MODELS).map((one) => ({ ...one, health, ...(isLost && { state: "Error" as const }) }));
  }

  /** With another key it may take what it refused. */
  forgetRefusals(): void {
    this.#refused.clear();
  }

  /** Asks it. Never rejects. */
  async read(target: Target, { askOf, nowMs, isCutShort }: Reader): Promise<void> {
    const beforeMs = this.askedMs;
    this.target = target;
    this.askedMs = performance.now();
    const told = await this.#told(target, askOf).catch(asError);
    if (isCutShort()) this.askedMs = beforeMs;
    else if (told instanceof Error) this.#failed(told);
    else this.#answered(told, nowMs);
  }

  async #told({ base }: Target, askOf: AskOf): Promise<ServerReading> {
    return base === undefined ? { readings: [loading(this.#toldModel)] } : this.#ask(base, askOf);
  }

  #answered(reading: ServerReading, nowMs: number): void {
    this.#failures = 0;
    this.#seenMs = performance.now();
    this.answeredAtMs = nowMs;
    this.#reading = reading;
  }

  /** Whatever it is, the other servers are not to suffer from it. */
  #failed({ message }: Error): void {
    const { process, isConfigured } = this.target;
    if (isConfigured) this.#fits = false;
    if (process === undefined) this.#refused.clear();
    this.#failures += 1;
    this.#reason = this.#needsName ? NEEDS_NAME : message;
  }

  async #ask(base: URL, askOf: AskOf): Promise<ServerReading> {
    const { target } = this;
    const asking: Asking = (at, paths) => this.#unlessRefused(askOf(at, paths, target.isConfigured), at);
    const isGuessed = target.kind === undefined && !this.#fits;
    if (!this.#fits) await this.#identify((paths) => asking(base, paths));
    let reading = await this.#readAs(base, asking);
    if (reading === undefined && isGuessed) {
      // A proxy lists its models in its place, or lets nothing else through.
      await this.#become("openai", (paths) => asking(base, paths));
      reading = await this.#readAs(base, asking);
    }
    if (reading === undefined) return this.#givenUp();
    this.#misfit = undefined;
    // A server in trouble may be another one than before; of a process it is known.
    const isWell = reading.readings.every(({ state }) => state === "Idle" || state === "Busy");
    this.#fits = isWell || !target.isConfigured;
    return reading;
  }

  /** As the kind that it is taken for; undefined where it is none of that. */
  async #readAs(base: URL, asking: Asking): Promise<ServerReading | undefined> {
    const { target } = this;
    const adapter = this.#adapter;
    if (!this.#fits || adapter === undefined) return undefined;
    this.#read ??= adapter.open();
    const runners = target.runners.map(({ process, base: at }) => ({ process, ask: at && asking(at, adapter.paths) }));
    const server = { ask: asking(base, adapter.paths), process: target.process, runners };
    return this.#read(server).catch(unlessAnother);
  }

  /** By questions that are harmless to servers of any kind: one that is named may have become another. */
  async #identify(asking: (paths: readonly string[]) => Ask): Promise<void> {
    const { kind: named, isConfigured } = this.target;
    const said = isConfigured ? kindIn(await asking(UNKNOWN_PATHS)("/v1/models")) : undefined;
    const kind = named ?? said ?? this.#adapter?.kind ?? "openai";
    const isAnother = said !== undefined && said !== kind && kind !== "openai";
    if (!isAnother) await this.#become(kind, asking);
  }

  /** Takes it for one of this kind, unless it says that it is none. */
  async #become(kind: ServerKind, asking: (paths: readonly string[]) => Ask): Promise<void> {
    const adapter = ADAPTERS.find((one) => one.kind === kind);
    if (adapter === undefined) throw new Error(`there is no adapter for ${kind}`);
    if (adapter !== this.#adapter) this.#read = undefined;
    this.#adapter = adapter;
    this.name = await adapter.identify(asking(adapter.paths));
    this.#fits = this.name !== undefined;
  }

  /** Until what answers is of its kind again. */
  #givenUp(): ServerReading {
    const { port, kind, isConfigured } = this.target;
    const keyed = this.#refused.size === 0 ? "" : `, or it wants a key: see ${KEYS_SETTING}`;
    const renamed = isConfigured && kind !== undefined && kind !== "openai" ? RENAME : "";
    this.#misfit = `what answers on port ${port} is no ${this.kind}${keyed}${renamed}`;
    this.#fits = false;
    this.#refused.clear();
    this.#adapter = undefined;
    this.name = undefined;
    return { readings: [] };
  }

  /**
   * Each question without the key that it wants may be a line in the server's log: one is enough for the life of a process. Where none is seen, it may
   * have been started anew.
   */
  #unlessRefused(ask: Ask, { origin }: URL): Ask {
    return async (path) => {
      const refused = this.#refused.get(`${origin}${path}`);
      const sinceMs = performance.now() - (refused?.atMs ?? Number.NEGATIVE_INFINITY);
      if (refused !== undefined && (this.target.process !== undefined || sinceMs < REFUSED_MS)) return refused.answer;
      const answer = await ask(path);
      if (wantsKey(answer)) this.#refused.set(`${origin}${path}`, { answer, atMs: performance.now() });
      return answer;
    };
  }

  get #toldModel(): string | null {
    const { process } = this.target;
    return process === undefined ? null : (this.#program?.modelOf(process) ?? null);
  }

  get #needsName(): boolean {
    const { process, base } = this.target;
    return process !== undefined && base?.protocol === "http:" && this.#program?.speaksTls?.(process) === true;
  }

  get #program(): Program | undefined {
    return ADAPTERS.find(({ kind }) => kind === this.target.kind)?.program;
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

function unlessAnother(error: unknown): undefined {
  if (!(error instanceof AnotherServer)) throw error;
}
