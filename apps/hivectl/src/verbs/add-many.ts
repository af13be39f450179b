import type { Body } from "@repo/queen-client";
import { EXIT } from "../failure.ts";
import type { Kind, Printer } from "../output/records.ts";
import type { Session } from "../session.ts";
import { batchesOf } from "./batches.ts";
import { failuresText } from "./failures.ts";
import { labelsOf } from "./hive-fields.ts";
import { readStdin } from "./ids.ts";
import { beforeAnything, endByError, isOutcomeUnknown, LOOK_FIRST, OUTCOME_UNKNOWN, whyEnded } from "./outcome.ts";

type NewHive = Body<"addHive">;
/** What the flags say of each, unless its line does. */
type Defaults = Omit<NewHive, "id" | "host">;

/** What came of one line of stdin. */
interface Added {
  readonly line: number;
  readonly id: string | null;
  readonly outcome: "added" | "skipped" | "failed" | "not_known";
  readonly problem: { readonly code: string; readonly detail: string } | null;
}

interface Numbered {
  readonly line: number;
  readonly hive: NewHive;
}

/** What one request takes. */
const MAX_HIVES = 1000;
const MAX_LENGTH = 900_000;
export const IS_THERE = "HIVE_ALREADY_EXISTS";

const STYLES = { added: "green", skipped: "dim", failed: "red", not_known: "yellow" } as const;

const DETAILS: { readonly [O in Added["outcome"]]?: string } = {
  skipped: "is there already",
  not_known: "it was asked for, and no answer came",
};

const problemText = ({ problem }: Added): string => (problem === null ? "" : `${problem.code}: ${problem.detail}`);

export const ADDED: Kind<Added> = {
  name: "hives",
  nameOf: ({ id }) => id ?? "",
  columns: [
    { title: "LINE", cell: ({ line }) => String(line) },
    { title: "ID", cell: ({ id }) => id ?? "-" },
    { title: "OUTCOME", cell: ({ outcome }) => ({ text: outcome.replace("_", " "), style: STYLES[outcome] }) },
    { title: "DETAIL", cell: (line) => DETAILS[line.outcome] ?? problemText(line) },
  ],
};

/** Adds the hives of stdin. One that fails keeps none of the others back. */
export async function addMany(
  session: Session,
  { ifMissing, ...defaults }: Defaults & { ifMissing: boolean },
): Promise<number> {
  const { terminal, queen, call } = session;
  terminal.goOnUnread();
  // It refuses columns that there are not, before anybody types what would be in vain.
  const printer = session.printer(ADDED);
  const invalid: Added[] = [];
  const hives: Numbered[] = [];
  for (const [at, text] of (await beforeAnything(session, () => readStdin(session))).split("\n").entries()) {
    if (/^\s*(?:#|$)/.test(text)) continue;
    const hive = hiveOf(text.trim(), defaults);
    if (typeof hive !== "string") hives.push({ line: at + 1, hive });
    else {
      const problem = { code: "INVALID_LINE", detail: hive };
      invalid.push({ line: at + 1, id: null, outcome: "failed", problem });
    }
  }
  const report = new Report(session, printer, hives, ifMissing);
  for (const line of invalid) await report.tell(line);
  try {
    for (const part of batchesOf(hives, { count: MAX_HIVES, length: MAX_LENGTH, lengthOf })) {
      report.asked(part);
      for await (const told of queen.addHives(hivesOf(part), call)) {
        if (told.type === "end") continue;
        const { id, outcome, problem } = told;
        await report.tell({ line: part[told.line - 1]?.line ?? 0, id, outcome, problem });
      }
    }
    return report.end();
  } catch (error) {
    return endByError(session, report, error);
  }
}

const lengthOf = ({ hive }: Numbered): number => Buffer.byteLength(JSON.stringify(hive)) + 1;
const hivesOf = (part: readonly Numbered[]): NewHive[] => part.map(({ hive }) => hive);

class Report {
  readonly #session: Session;
  readonly #printer: Printer<Added>;
  readonly #ifMissing: boolean;
  readonly #failed: Added[] = [];
  /** By their lines. */
  readonly #left: Map<number, string | null>;
  readonly #asked = new Set<number>();
  readonly #counts = { added: 0, skipped: 0, failed: 0, not_known: 0 };

  constructor(session: Session, printer: Printer<Added>, hives: readonly Numbered[], ifMissing: boolean) {
    this.#session = session;
    this.#printer = printer;
    this.#ifMissing = ifMissing;
    this.#left = new Map(hives.map(({ line, hive }) => [line, hive.id ?? null]));
  }

  /** From now on these may be added. */
  asked(part: readonly Numbered[]): void {
    for (const { line } of part) this.#asked.add(line);
  }

  async tell(told: Added): Promise<void> {
    const line: Added = { ...told, outcome: this.#outcomeOf(told) };
    const { outcome } = line;
    this.#left.delete(line.line);
    this.#counts[outcome] += 1;
    if (outcome === "failed") this.#failed.push(line);
    // Names are for the next program, which has no use for what failed.
    const hasName = outcome === "added" || outcome === "skipped";
    if (this.#session.format !== "name" || hasName) await this.#printer.print([line]);
    else this.#session.terminal.complain(`${nameOf(line)}: ${outcome === "failed" ? problemText(line) : "not known"}`);
  }

  #outcomeOf({ outcome, problem }: Added): Added["outcome"] {
    if (problem?.code === OUTCOME_UNKNOWN) return "not_known";
    return this.#ifMissing && problem?.code === IS_THERE ? "skipped" : outcome;
  }

  /** The last word, and the exit code; an error is why it ended before its end. */
  async end(error?: unknown): Promise<number> {
    const { terminal } = this.#session;
    const mayBeDone = error !== undefined && isOutcomeUnknown(error);
    for (const [line, id] of mayBeDone ? [...this.#left] : []) {
      if (this.#asked.has(line)) await this.tell({ line, id, outcome: "not_known", problem: null });
    }
    await this.#printer.end({ ...this.#counts, not_added: this.#left.size });
    const { added, skipped, failed, not_known: notKnown } = this.#counts;
    if (error !== undefined) terminal.complain(`${whyEnded(error)}: ${this.sentence}`);
    else if (failed + notKnown === 0) {
      terminal.say(this.sentence);
      return EXIT.done;
    } else terminal.complain(this.sentence);
    if (notKnown > 0) terminal.complain(LOOK_FIRST);
    if (this.#failed.some(({ problem }) => problem?.code === IS_THERE)) {
      terminal.complain("--if-missing passes over those that are there already");
    }
    return added + skipped === 0 ? EXIT.failed : EXIT.someFailed;
  }

  get sentence(): string {
    const failures = this.#failed.map((line) => ({ name: nameOf(line), why: line.problem?.code ?? "" }));
    const { added, skipped, not_known: notKnown } = this.#counts;
    const counts = [
      `${added} added`,
      skipped > 0 && `${skipped} skipped`,
      notKnown > 0 && `${notKnown} not known`,
      this.#left.size > 0 && `${this.#left.size} not added`,
      failures.length > 0 && failuresText(failures),
    ];
    return counts.filter((one) => one !== false).join(", ");
  }
}

const nameOf = ({ line, id }: Added): string => ["line", line, ...(id === null ? [] : [id])].join(" ");

/** The hive of a line, or what is wrong with it. */
function hiveOf(text: string, { labels, ...defaults }: Defaults): NewHive | string {
  const merge = ({ labels: own, ...hive }: NewHive): NewHive => {
    // Spread, a text would be a label for each of its letters: it is for the queen to refuse.
    const areLabels = own === undefined || (typeof own === "object" && !Array.isArray(own));
    return { ...defaults, ...hive, labels: areLabels ? { ...labels, ...own } : own };
  };
  if (text.startsWith("{")) {
    try {
      // What is wrong with it beside that, the queen says.
      return merge(JSON.parse(text));
    } catch {
      return "it is no JSON";
    }
  }
  const [id = "", address, ...pairs] = text.split(/\s+/);
  if (address === undefined) return "it must be `id host[:port] [label=value]…`";
  const [, bare = address, host = bare, port] = /^(?:([^:[\]]+)|\[([^\]]+)\])(?::(\d+))?$/.exec(address) ?? [];
  try {
    return merge({
      id,
      host,
      ...(port && { port: Number(port) }),
      labels: labelsOf(pairs),
    } as NewHive);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
