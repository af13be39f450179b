import type { Schema } from "@repo/queen-client";
import { EXIT, Interrupted, nextFor } from "../failure.ts";
import { Progress } from "../output/progress.ts";
import { type Kind, type Printer, withRoom } from "../output/records.ts";
import type { Style } from "../output/terminal.ts";
import type { Session } from "../session.ts";
import { failuresText } from "./failures.ts";
import { isOutcomeUnknown, LOOK_FIRST, OUTCOME_UNKNOWN, whyEnded } from "./outcome.ts";

export type ActionOnHive = Schema<"ActionOnHive">;
/** What a hive gets as its line; `not_known` is one that was asked for, and of which no answer came. */
type Told = Omit<ActionOnHive, "outcome"> & { readonly outcome: ActionOnHive["outcome"] | "not_known" };
type Outcome = Told["outcome"];

const STYLES: { readonly [O in Outcome]?: Style } = {
  done: "green",
  begun: "green",
  failed: "red",
  not_known: "yellow",
  skipped: "dim",
};
/** In the last sentence: more than these nobody reads there. */
const NAMED = 10;

/** The first of them. */
export const named = (all: readonly string[]): string =>
  [...all.slice(0, NAMED), ...(all.length > NAMED ? [`and ${all.length - NAMED} more`] : [])].join(", ");

const problemText = ({ detail, problem }: Told): string => (problem === null ? detail : `${problem.code}: ${detail}`);

export const OUTCOMES: Kind<Told> = {
  name: "hives",
  nameOf: ({ hive_id }) => hive_id,
  columns: [
    { title: "ID", cell: ({ hive_id }) => hive_id },
    { title: "OUTCOME", cell: ({ outcome }) => ({ text: outcome.replace("_", " "), style: STYLES[outcome] }) },
    { title: "DETAIL", cell: (line) => (line.outcome === "begun" && line.operation_id) || problemText(line) },
  ],
};

/** The code alone; that of an operation that failed stands in its problem. */
const whyOf = ({ problem, detail }: Told): string =>
  problem?.code ?? /\[([A-Z_]+)\]; next: /.exec(detail)?.[1] ?? detail;

type Step = Schema<"ActionStep">;

/** Says what comes of each hive as it comes, and counts. */
export class BulkReport {
  readonly #session: Session;
  readonly #printer: Printer<Told>;
  readonly #counts = {
    done: 0,
    begun: 0,
    skipped: 0,
    failed: 0,
    not_known: 0,
    would_do: 0,
    would_skip: 0,
    would_fail: 0,
  };
  readonly #failed: Told[] = [];
  readonly #left: Set<string>;
  readonly #asked = new Set<string>();
  /** Where it can be drawn anew. */
  readonly #progress: Progress | undefined;
  /** The steps that are being done, by hive. */
  readonly #steps = new Map<string, Step>();

  constructor(session: Session, plan: readonly ActionOnHive[]) {
    const ids = plan.map(({ hive_id }) => hive_id);
    this.#session = session;
    this.#left = new Set(ids);
    this.#progress = session.terminal.canRedraw ? new Progress(session.terminal) : undefined;
    this.#printer = session.printer(withRoom(OUTCOMES, "ID", ids));
  }

  /** From now on it may be done to these. */
  asked(ids: readonly string[]): void {
    for (const id of ids) this.#asked.add(id);
  }

  async hive(line: ActionOnHive): Promise<void> {
    this.#steps.delete(line.hive_id);
    this.#progress?.clear();
    await this.#tell(line.problem?.code === OUTCOME_UNKNOWN ? { ...line, outcome: "not_known" } : line);
    if (this.#steps.size > 0) this.#showSteps();
  }

  async #tell(line: Told): Promise<void> {
    const { hive_id: id, outcome } = line;
    if (outcome === "failed") this.#failed.push(line);
    this.#counts[outcome] += 1;
    this.#left.delete(id);
    // Names are for the next program, which has no use for what failed.
    const hasName = outcome !== "failed" && outcome !== "not_known";
    if (this.#session.format !== "name" || hasName) await this.#printer.print([line]);
    else this.#session.terminal.complain(`${id}: ${outcome === "not_known" ? "not known: " : ""}${problemText(line)}`);
  }

  step(told: Step): void {
    const { hive_id: id, step } = told;
    this.#steps.set(id, told);
    if (this.#progress !== undefined) this.#showSteps();
    // Elsewhere each line stays, and the end of a step says that it began.
    else if (step.state !== "running") {
      const detail = step.detail === null ? "" : `: ${step.detail}`;
      this.#session.terminal.say(`${id}: ${step.name} ${step.state}${detail}`);
    }
  }

  /** `2 of 5: gpu-03 copy, gpu-04 start`. */
  #showSteps(): void {
    const { done, begun, skipped, failed, not_known } = this.#counts;
    const ended = done + begun + skipped + failed + not_known;
    const underWay = [...this.#steps].map(([id, { step }]) => `${id} ${step.name}`);
    this.#progress?.show(`${ended} of ${ended + this.#left.size}: ${underWay.join(", ")}`);
  }

  /** The last word, and the exit code; an error is why it ended before its end. */
  async end(error?: unknown): Promise<number> {
    const { terminal } = this.#session;
    this.#progress?.clear();
    const goOn = this.#steps.size;
    await this.#tellLeft(error !== undefined && isOutcomeUnknown(error));
    const { done, begun, skipped, failed, not_known } = this.#counts;
    await this.#printer.end({ counts: { done, begun, skipped, failed, not_known, not_done: this.#left.size } });
    const isAllDone = failed + not_known + this.#left.size === 0;
    if (error !== undefined) terminal.complain(`${whyEnded(error)}: ${this.sentence}${restOf(error)}`);
    else if (isAllDone) terminal.say(this.sentence);
    else terminal.complain(this.sentence);
    if (not_known > 0) terminal.complain(LOOK_FIRST);
    if (goOn > 0) terminal.complain("`hivectl get operations --state running` shows what goes on");
    for (const next of this.#next) terminal.complain(next);
    if (isAllDone) return EXIT.done;
    return done + begun + skipped === 0 ? EXIT.failed : EXIT.someFailed;
  }

  /** Of those that have no line yet: on some an operation has begun, and others may have been done. */
  async #tellLeft(mayBeDone: boolean): Promise<void> {
    const line = { type: "hive", problem: null, operation_id: null } as const;
    for (const id of [...this.#left]) {
      const step = this.#steps.get(id);
      if (step !== undefined) {
        const { operation_id, step: at } = step;
        await this.#tell({ ...line, hive_id: id, outcome: "begun", detail: `at ${at.name}`, operation_id });
      } else if (mayBeDone && this.#asked.has(id)) {
        await this.#tell({
          ...line,
          hive_id: id,
          outcome: "not_known",
          detail: "it was asked for, and no answer came",
        });
      }
    }
  }

  /** What to do about those that failed; where it is one of a kind, it is named. */
  get #next(): ReadonlySet<string> {
    const codes = this.#failed.flatMap(({ problem }) => problem?.code ?? []);
    return new Set(
      codes.flatMap((code) => {
        const [only, ...others] = this.#failed.filter(({ problem }) => problem?.code === code);
        return nextFor(code, others.length === 0 ? only?.hive_id : undefined);
      }),
    );
  }

  /** `7 done, 1 failed: gpu-03 HIVE_RUNNING`. */
  get sentence(): string {
    const { done, begun, skipped, failed, not_known } = this.#counts;
    const counts = [
      `${done} done`,
      begun > 0 && `${begun} begun`,
      skipped > 0 && `${skipped} skipped`,
      not_known > 0 && `${not_known} not known`,
      this.#left.size > 0 && `${this.#left.size} not done`,
      failed > 0 && failuresText(this.#failed.map((line) => ({ name: line.hive_id, why: whyOf(line) }))),
    ];
    return counts.filter((one) => one !== false).join(", ");
  }
}

const restOf = (error: unknown): string =>
  error instanceof Interrupted ? "; what had begun is finished all the same" : "";
