import { printable } from "@repo/process-log/printable";
import { QueenClient, UnusableArgument } from "@repo/queen-client";
import type { Environment } from "@repo/settings";
import { type Access, accessOf } from "./access/access.ts";
import { nodeFetch } from "./access/node-fetch.ts";
import { type Caller, Declined, UsageProblem } from "./failure.ts";
import { ask, confirm } from "./output/asking.ts";
import type { SaidLines } from "./output/changes.ts";
import { type Format, type How, type Kind, linesSaid, type Printer, printerOf, valueText } from "./output/records.ts";
import { type Streams, Terminal } from "./output/terminal.ts";
import { type Times, timesFor } from "./output/times.ts";

/** A longer timer would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const REQUEST_TIMEOUT_MS = 30_000;

export interface CommonFlags {
  readonly url?: string;
  readonly context?: string;
  readonly timeout?: number;
  readonly verbose?: true;
  readonly quiet?: true;
  readonly yes?: true;
  readonly output: Format;
  readonly json?: true;
  readonly columns?: readonly string[];
  readonly sort?: string;
  /** False by --no-headers. */
  readonly headers: boolean;
  /** False by --no-color. */
  readonly color: boolean;
}

export interface World extends Streams {
  readonly env: Environment;
  /** What calls hivectl: `pnpm -s hivectl`. */
  readonly command: string;
  /** Given by Ctrl-C, and when somebody ends the program. */
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** One call of hivectl: what its verb needs to ask the queen and to say what she answers. */
export class Session {
  readonly flags: CommonFlags;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly env: World["env"];
  readonly #now: () => number;
  #access: Access | undefined;
  #queen: QueenClient | undefined;
  #caller: Caller | undefined;

  constructor(world: World, flags: CommonFlags) {
    this.flags = flags;
    this.env = world.env;
    this.signal = world.signal;
    this.#now = world.now;
    const { color, quiet } = flags;
    const { env, command } = world;
    this.terminal = new Terminal(world, { env, command, noColor: !color, quiet: quiet === true });
  }

  get access(): Access {
    this.#access ??= accessOf(this.flags, this.env);
    return this.#access;
  }

  /** Of the queen who was asked last, for what is said of an error. */
  get caller(): Caller | undefined {
    return this.#caller;
  }

  get queen(): QueenClient {
    this.#queen ??= this.clientOf(this.access);
    return this.#queen;
  }

  clientOf({ url, token, ca }: Pick<Access, "url" | "token" | "ca">): QueenClient {
    this.#caller = { url, hasToken: token !== undefined };
    const fetch = nodeFetch(ca, this.flags.verbose && ((seen) => this.#tell(seen)));
    try {
      const onWait = () => this.terminal.say("the queen does too much else for this caller: it waits for its turn");
      return new QueenClient({ url, token, fetch, timeoutMs: this.timeoutMs(REQUEST_TIMEOUT_MS), onWait });
    } catch (error) {
      throw error instanceof UnusableArgument
        ? new UsageProblem(error.message.replace(/^url/, "--url (QUEEN_URL)"))
        : error;
    }
  }

  /** Of every call to the queen. */
  get call(): { signal: AbortSignal } {
    return { signal: this.signal };
  }

  /** What --timeout says, or else the verb. */
  timeoutMs(otherwise: number): number {
    return this.flags.timeout ?? otherwise;
  }

  /**
   * Aborts once that is over, or with the whole call. Not by `AbortSignal.timeout`: in Node 20 nothing holds the signal of a timeout that is known to
   * `AbortSignal.any` alone, and one that was collected never aborts.
   */
  deadline(otherwiseMs: number): AbortSignal {
    const over = new AbortController();
    setTimeout(() => over.abort(), Math.min(this.timeoutMs(otherwiseMs), MAX_TIMER_MS)).unref();
    return AbortSignal.any([this.signal, over.signal]);
  }

  get format(): Format {
    return this.flags.json ? "json" : this.flags.output;
  }

  get nowMs(): number {
    return this.#now();
  }

  get times(): Times {
    return timesFor(this.terminal.isForPeople, this.#now());
  }

  printer<R>(kind: Kind<R>, { isWatch = false }: Pick<How, "isWatch"> = {}): Printer<R> {
    return printerOf(kind, { ...this.#how, isWatch }, this.terminal, this.#now);
  }

  /** What a printer of this kind would say anew. */
  linesSaid<R>(kind: Kind<R>): SaidLines<R> {
    return linesSaid(kind, this.#how);
  }

  get #how(): How {
    const { columns, sort, headers } = this.flags;
    return { format: this.format, columns, sort, headers };
  }

  /** One thing: as data where that is asked for, by its name where that is, else as `text` says it. */
  async show(value: unknown, text: () => string, name?: string): Promise<void> {
    if (this.format === "name" && name !== undefined) await this.terminal.write(`${printable(name)}\n`);
    else await this.terminal.write(this.#isData ? await valueText(value, this.format) : text());
  }

  /** One record of a kind: as data by itself, and no list. */
  async showRecord<R>(kind: Kind<R>, record: R): Promise<void> {
    if (this.#isData) await this.terminal.write(await valueText(record, this.format));
    else {
      const printer = this.printer(kind);
      await printer.print([record]);
      await printer.end();
    }
  }

  get #isData(): boolean {
    return this.format === "json" || this.format === "jsonl" || this.format === "yaml";
  }

  /** Throws Declined, unless --yes says that it may be done, or whoever is asked. */
  async confirm(question: string): Promise<void> {
    if (!this.flags.yes && !(await confirm(this.terminal, question, this.signal))) throw new Declined();
  }

  /** An answer in words; only where `terminal.canAsk`. */
  ask(question: string): Promise<string> {
    return ask(this.terminal, question, this.signal);
  }

  #tell({ method, url, outcome, tookMs }: { method: string; url: URL; outcome: string; tookMs: number }): void {
    this.terminal.complain(`${method} ${url.href} → ${outcome} (${Math.round(tookMs)} ms)`);
  }
}
