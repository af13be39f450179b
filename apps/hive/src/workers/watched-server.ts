import {
  type Adapter,
  type ColdModel,
  loading,
  type Reading,
  type Server,
  type ServerReading,
  wantsKey,
} from "./adapter.ts";
import { ADAPTERS } from "./adapters.ts";
import type { Answer, Ask } from "./ask.ts";
import { kindOf, UNKNOWN_PATHS } from "./identify.ts";
import type { Target } from "./target.ts";

const MAX_MODELS = 32;
/** So many readings in a row without an answer, and it is no longer believed to come back by itself. */
const FAILURES_UNTIL_ERROR = 3;

/** Gives the way to ask an address for these paths. */
export type AskOf = (base: URL, paths: readonly string[], isConfigured: boolean) => Ask;

/** One server, from reading to reading. */
export class WatchedServer {
  target: Target;
  #adapter: Adapter | undefined;
  #read: ((server: Server) => Promise<ServerReading>) | undefined;
  /** What it calls itself; undefined until it has said so. */
  name: string | undefined;
  #reading: ServerReading = { readings: [] };
  readonly #refused = new Map<string, Answer>();
  #failures = 0;
  #reason = "";
  /** By a clock that never jumps. */
  #seenMs: number;
  /** By the wall clock: of its last answer. */
  answeredAtMs: number;
  askedMs = Number.NEGATIVE_INFINITY;
  /** Why nothing is told of it; undefined where something is. */
  leftOut: string | undefined;

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

  /** Asks it. Never rejects. */
  async read(target: Target, askOf: AskOf, nowMs: number): Promise<void> {
    this.target = target;
    this.askedMs = performance.now();
    try {
      const reading =
        target.base === undefined ? { readings: [loading(this.#toldModel)] } : await this.#ask(target.base, askOf);
      this.#failures = 0;
      this.#seenMs = performance.now();
      this.answeredAtMs = nowMs;
      this.#reading = reading;
    } catch (error) {
      // Whatever it is, the other servers are not to suffer from it.
      this.#failures += 1;
      this.#reason = error instanceof Error ? error.message : String(error);
    }
  }

  async #ask(base: URL, askOf: AskOf): Promise<ServerReading> {
    const { target } = this;
    const asking = (at: URL, paths: readonly string[]) =>
      this.#unlessRefused(askOf(at, paths, target.isConfigured), at);
    const kind = this.#adapter?.kind ?? target.kind ?? (await kindOf(asking(base, UNKNOWN_PATHS)));
    const adapter = this.#adapter ?? ADAPTERS.find((one) => one.kind === kind);
    if (adapter === undefined) throw new Error(`there is no adapter for ${kind}`);
    this.#adapter = adapter;
    const ask = asking(base, adapter.paths);
    this.name ??= await adapter.identify(ask);
    this.leftOut = this.name === undefined ? `what answers on port ${target.port} is no ${kind}` : undefined;
    if (this.name === undefined) return { readings: [] };
    this.#read ??= adapter.open();
    const runners = target.runners.map(({ process, base: at }) => ({ process, ask: at && asking(at, adapter.paths) }));
    return this.#read({ ask, process: target.process, runners });
  }

  /** Each question without the key that it wants may be a line in the server's log: one is enough for the life of a process. */
  #unlessRefused(ask: Ask, { origin }: URL): Ask {
    if (this.target.process === undefined) return ask;
    return async (path) => {
      const refused = this.#refused.get(`${origin}${path}`);
      if (refused !== undefined) return refused;
      const answer = await ask(path);
      if (wantsKey(answer)) this.#refused.set(`${origin}${path}`, answer);
      return answer;
    };
  }

  get #toldModel(): string | null {
    const { process, kind } = this.target;
    const program = ADAPTERS.find((one) => one.kind === kind)?.program;
    return process === undefined ? null : (program?.modelOf(process) ?? null);
  }
}
