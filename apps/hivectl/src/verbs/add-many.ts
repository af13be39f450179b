import type { Body } from "@repo/queen-client";
import { EXIT } from "../failure.ts";
import type { Kind, Printer } from "../output/records.ts";
import type { Session } from "../session.ts";
import { beforeAnything } from "./before-anything.ts";
import { labelsOf } from "./hive-fields.ts";
import { readStdin } from "./ids.ts";
import { wholeAnswer } from "./whole-answer.ts";

type NewHive = Body<"addHive">;
/** What the flags say of each, unless its line does. */
export type Defaults = Omit<NewHive, "id" | "host">;

/** What came of one line of stdin. */
interface Added {
  readonly line: number;
  readonly id: string | null;
  readonly outcome: "added" | "failed";
  readonly problem: { readonly code: string; readonly detail: string } | null;
}

interface Numbered {
  readonly line: number;
  readonly hive: NewHive;
}

/** What one request takes. */
const MAX_HIVES = 1000;
const MAX_LENGTH = 900_000;
/** In the last sentence. */
const NAMED = 10;

const ADDED: Kind<Added> = {
  name: "hives",
  nameOf: ({ id }) => id ?? "",
  columns: [
    { title: "LINE", cell: ({ line }) => String(line) },
    { title: "ID", cell: ({ id }) => id ?? "-" },
    { title: "OUTCOME", cell: ({ outcome }) => ({ text: outcome, style: outcome === "added" ? "green" : "red" }) },
    { title: "DETAIL", cell: ({ problem }) => (problem === null ? "" : `${problem.code}: ${problem.detail}`) },
  ],
};

/** Adds the hives of stdin. One that fails keeps none of the others back. */
export async function addMany(session: Session, defaults: Defaults): Promise<number> {
  const { terminal, queen, call, signal } = session;
  terminal.goOnUnread();
  const report = new Report(session.printer(ADDED), session.format === "name");
  const hives: Numbered[] = [];
  for (const [at, text] of (await beforeAnything(session, () => readStdin(session))).split("\n").entries()) {
    if (/^\s*(?:#|$)/.test(text)) continue;
    const hive = hiveOf(text.trim(), defaults);
    if (typeof hive === "string")
      await report.tell({ line: at + 1, id: null, outcome: "failed", problem: invalid(hive) });
    else hives.push({ line: at + 1, hive });
  }
  try {
    for (const part of partsOf(hives)) {
      for await (const told of wholeAnswer(queen.addHives(hivesOf(part), call))) {
        if (told.type === "end") continue;
        const { id, outcome, problem } = told;
        await report.tell({ line: part[told.line - 1]?.line ?? 0, id, outcome, problem });
      }
    }
  } catch (error) {
    terminal.complain(`${signal.aborted ? "interrupted" : "the answer broke off"}: ${report.sentence}`);
    throw error;
  }
  return report.end(session);
}

const hivesOf = (part: readonly Numbered[]): NewHive[] => part.map(({ hive }) => hive);
const invalid = (detail: string) => ({ code: "INVALID_LINE", detail });

class Report {
  readonly #printer: Printer<Added>;
  readonly #namesOnly: boolean;
  readonly #failed: Added[] = [];
  #added = 0;

  constructor(printer: Printer<Added>, namesOnly: boolean) {
    this.#printer = printer;
    this.#namesOnly = namesOnly;
  }

  async tell(added: Added): Promise<void> {
    if (added.outcome === "added") this.#added += 1;
    else this.#failed.push(added);
    // Names are for the next program, which has no use for what failed.
    if (!this.#namesOnly || added.outcome === "added") await this.#printer.print([added]);
  }

  async end({ terminal }: Session): Promise<number> {
    await this.#printer.end({ added: this.#added, failed: this.#failed.length });
    if (this.#failed.length === 0) terminal.say(this.sentence);
    else terminal.complain(this.sentence);
    if (this.#failed.length === 0) return EXIT.done;
    return this.#added === 0 ? EXIT.failed : EXIT.someFailed;
  }

  get sentence(): string {
    const named = this.#failed.slice(0, NAMED).map(({ line, id, problem }) => {
      return [`line ${line}`, id ?? [], problem?.code ?? []].flat().join(" ");
    });
    const more = this.#failed.length > NAMED ? [`and ${this.#failed.length - NAMED} more`] : [];
    const failed = this.#failed.length > 0 ? `, ${this.#failed.length} failed: ${[...named, ...more].join(", ")}` : "";
    return `${this.#added} added${failed}`;
  }
}

/** The hive of a line, or what is wrong with it. */
function hiveOf(text: string, { labels, ...defaults }: Defaults): NewHive | string {
  const merge = (hive: NewHive): NewHive => ({ ...defaults, ...hive, labels: { ...labels, ...hive.labels } });
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
  const [, bare, host = bare, port] = /^(?:([^:[\]]+)|\[([^\]]+)\])(?::(\d+))?$/.exec(address) ?? [undefined, address];
  try {
    return merge({
      id,
      host: host ?? address,
      ...(port && { port: Number(port) }),
      labels: labelsOf(pairs),
    } as NewHive);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function* partsOf(hives: readonly Numbered[]): Generator<readonly Numbered[]> {
  let part: Numbered[] = [];
  let length = 0;
  for (const one of hives) {
    const ownLength = Buffer.byteLength(JSON.stringify(one.hive)) + 1;
    if (part.length === MAX_HIVES || (part.length > 0 && length + ownLength > MAX_LENGTH)) {
      yield part;
      part = [];
      length = 0;
    }
    part.push(one);
    length += ownLength;
  }
  if (part.length > 0) yield part;
}
