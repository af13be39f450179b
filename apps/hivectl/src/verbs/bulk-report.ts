import type { Schema } from "@repo/queen-client";
import { EXIT, nextFor } from "../failure.ts";
import { Progress } from "../output/progress.ts";
import { type Kind, type Printer, withRoom } from "../output/records.ts";
import type { Style } from "../output/terminal.ts";
import type { Session } from "../session.ts";
import { failuresText } from "./failures.ts";

export type ActionOnHive = Schema<"ActionOnHive">;
type Outcome = ActionOnHive["outcome"];

const STYLES: { readonly [O in Outcome]?: Style } = { done: "green", begun: "green", failed: "red", skipped: "dim" };
/** In the last sentence: more than these nobody reads there. */
const NAMED = 10;

/** The first of them. */
export const named = (all: readonly string[]): string =>
  [...all.slice(0, NAMED), ...(all.length > NAMED ? [`and ${all.length - NAMED} more`] : [])].join(", ");

const problemText = ({ detail, problem }: ActionOnHive): string =>
  problem === null ? detail : `${problem.code}: ${detail}`;

export const OUTCOMES: Kind<ActionOnHive> = {
  name: "hives",
  nameOf: ({ hive_id }) => hive_id,
  columns: [
    { title: "ID", cell: ({ hive_id }) => hive_id },
    { title: "OUTCOME", cell: ({ outcome }) => ({ text: outcome, style: STYLES[outcome] }) },
    { title: "DETAIL", cell: (line) => (line.outcome === "begun" && line.operation_id) || problemText(line) },
  ],
};

/** The code alone; that of an operation that failed stands in its problem. */
const whyOf = ({ problem, detail }: ActionOnHive): string =>
  problem?.code ?? /\[([A-Z_]+)\]; next: /.exec(detail)?.[1] ?? detail;

/** Says what comes of each hive as it comes, and counts. */
export class BulkReport {
  readonly #session: Session;
  readonly #printer: Printer<ActionOnHive>;
  readonly #counts = { done: 0, begun: 0, skipped: 0, failed: 0, would_do: 0, would_skip: 0, would_fail: 0 };
  readonly #failed: ActionOnHive[] = [];
  readonly #left: Set<string>;
  /** Where it can be drawn anew. */
  readonly #progress: Progress | undefined;
  /** The steps that are being done, by hive. */
  readonly #steps = new Map<string, string>();

  constructor(session: Session, ids: readonly string[]) {
    this.#session = session;
    this.#left = new Set(ids);
    this.#progress = session.terminal.canRedraw ? new Progress(session.terminal) : undefined;
    this.#printer = session.printer(withRoom(OUTCOMES, "ID", ids));
  }

  async hive(line: ActionOnHive): Promise<void> {
    const { hive_id: id, outcome } = line;
    this.#steps.delete(id);
    this.#progress?.clear();
    if (outcome === "failed") this.#failed.push(line);
    this.#counts[outcome] += 1;
    this.#left.delete(id);
    // Names are for the next program, which has no use for what failed.
    if (this.#session.format !== "name" || outcome !== "failed") await this.#printer.print([line]);
    else this.#session.terminal.complain(`${id}: ${problemText(line)}`);
    if (this.#steps.size > 0) this.#showSteps();
  }

  step({ hive_id: id, step: { name, state, detail } }: Schema<"ActionStep">): void {
    this.#steps.set(id, name);
    if (this.#progress !== undefined) this.#showSteps();
    // Elsewhere each line stays, and the end of a step says that it began.
    else if (state !== "running")
      this.#session.terminal.say(`${id}: ${name} ${state}${detail === null ? "" : `: ${detail}`}`);
  }

  /** `2 of 5: gpu-03 copy, gpu-04 start`. */
  #showSteps(): void {
    const { done, begun, skipped, failed } = this.#counts;
    const ended = done + begun + skipped + failed;
    this.#progress?.show(`${ended} of ${ended + this.#left.size}: ${this.#underWay.join(", ")}`);
  }

  get #underWay(): string[] {
    return [...this.#steps].map(([id, name]) => `${id} ${name}`);
  }

  /** The last word, and the exit code. */
  async end(): Promise<number> {
    const { terminal } = this.#session;
    const { done, begun, skipped, failed } = this.#counts;
    this.#progress?.clear();
    await this.#printer.end({ counts: { done, begun, skipped, failed, not_done: this.#left.size } });
    if (failed === 0 && this.#left.size === 0) terminal.say(this.sentence);
    else terminal.complain(this.sentence);
    for (const next of this.#next) terminal.complain(next);
    if (failed === 0 && this.#left.size === 0) return EXIT.done;
    return done + begun + skipped === 0 ? EXIT.failed : EXIT.someFailed;
  }

  /** How far it came when it ended before its end. */
  broken({ isInterrupted }: { isInterrupted: boolean }): void {
    const { terminal } = this.#session;
    const [why, rest] = isInterrupted
      ? ["interrupted", "what had begun is finished all the same"]
      : ["the answer broke off", "whether more of them were done is not known"];
    this.#progress?.clear();
    terminal.complain(`${why}: ${this.sentence}; ${rest}`);
    if (this.#steps.size > 0) terminal.complain("`hivectl get operations --state running` shows what goes on");
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
    const notDone = this.#left.size - this.#steps.size;
    const { done, begun, skipped, failed } = this.#counts;
    const counts = [
      `${done} done`,
      begun > 0 && `${begun} begun`,
      skipped > 0 && `${skipped} skipped`,
      this.#steps.size > 0 && `${this.#steps.size} under way: ${named(this.#underWay)}`,
      notDone > 0 && `${notDone} not done`,
      failed > 0 && failuresText(this.#failed.map((line) => ({ name: line.hive_id, why: whyOf(line) }))),
    ];
    return counts.filter((one) => one !== false).join(", ");
  }
}
