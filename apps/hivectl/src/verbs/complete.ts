import { printable } from "@repo/process-log/printable";
import type { QueenClient } from "@repo/queen-client";
import type { Option } from "commander";
import { accessOf } from "../access/access.ts";
import { readContexts } from "../access/contexts.ts";
import type { Session } from "../session.ts";
import { LABELED } from "./label.ts";
import { type Place, placeOf, wordsAt } from "./place.ts";
import { columnsOf, sortsOf } from "./shown-columns.ts";
import type { AddVerb } from "./verb.ts";
import { OPERATION } from "./wait.ts";

/** Whoever types waits for it; unless `--timeout` says how long. */
const TIMEOUT_MS = 200;
const PAGE = 200;
/** More are no help to whoever types. */
const MAX_WORDS = 200;

type Words = AsyncIterable<string> | Iterable<string>;
/** What may begin so. */
type Source = (typed: string, known: { queen: QueenClient; session: Session; signal: AbortSignal }) => Words;

/** By the name of an argument, or of the value of a flag, or of the flag itself. */
const SOURCES: ReadonlyMap<string, Source> = new Map<string, Source>([
  ["id", (typed, { queen, signal }) => idsOf(queen, typed, signal)],
  [LABELED, (typed, { queen, signal }) => idsAndLabelsOf(queen, typed, signal)],
  ["selector", (typed, { queen, signal }) => selectorsOf(queen, typed, signal)],
  ["key=value", (typed, { queen, signal }) => selectorsOf(queen, typed, signal)],
  ["model", (_, { queen, signal }) => modelsOf(queen, signal)],
  ["operation", (_, { queen, signal }) => operationsOf(queen, signal)],
  ["condition", (typed, { queen, signal }) => conditionsOf(queen, typed, signal)],
  ["token", (_, { queen, signal }) => tokensOf(queen, signal)],
  ["context", (_, { session }) => Object.keys(readContexts(session.env).contexts)],
]);

/** What a shell calls while somebody types: a word a line. */
export const addComplete: AddVerb = (parent, does) => {
  parent
    .command("__complete", { hidden: true })
    .argument("[words...]")
    .action(
      does(async (session, { args }) => {
        const place = placeOf(parent, args);
        const { before, typed } = place;
        const words: string[] = [];
        for await (const word of wordsFor(place, session)) {
          const isGiven = place.option === undefined && place.given.includes(word);
          if (word.startsWith(typed) && printable(word) === word && !isGiven) words.push(`${before}${word}\n`);
          if (words.length === MAX_WORDS) break;
        }
        await session.terminal.write(words.join(""));
      }),
    );
};

async function* wordsFor(place: Place, session: Session): AsyncGenerator<string, void, undefined> {
  const { option, argument, typed, values } = place;
  if (option === undefined) yield* wordsAt(place);
  const value = option ?? (typed.startsWith("-") ? undefined : argument);
  yield* choicesAt(place);
  const source = SOURCES.get(option?.flags.match(/[<[]([^>\].]+)/)?.[1] ?? "") ?? SOURCES.get(value?.name() ?? "");
  if (source === undefined) return;
  const { url, context } = session.flags;
  const at = { url: values.get("url") ?? url, context: values.get("context") ?? context };
  const given = Object.fromEntries(Object.entries(at).filter(([, one]) => one !== undefined));
  try {
    const queen = session.clientOf(accessOf(given, session.env));
    const signal = session.deadline(TIMEOUT_MS);
    yield* source(typed, { queen, session, signal });
  } catch {
    // What the queen does not say in time, or to nobody who calls so, is not offered: a line that is being typed has no room for why.
  }
}

/** What is known of it without a queen. */
function choicesAt({ option, argument, typed, command }: Place): readonly string[] {
  if (option === undefined) return typed.startsWith("-") ? [] : (argument?.argChoices ?? []);
  const last = typed.slice(typed.lastIndexOf(",") + 1);
  if (option.long === "--sort")
    return inCaseOf(last, sortsOf(command)).map((one) => (last.startsWith("-") ? `-${one}` : one));
  const choices = option.long === "--columns" ? inCaseOf(last, columnsOf(command)) : (option.argChoices ?? []);
  if (!isList(option)) return choices;
  const before = typed.slice(0, typed.length - last.length);
  const isNamed = (one: string) => before.toLowerCase().split(",").includes(one.toLowerCase());
  return choices.filter((one) => !isNamed(one)).map((one) => `${before}${one}`);
}

/** Titles stand in capitals in a table, and may be typed so. */
const inCaseOf = (typed: string, titles: readonly string[]): readonly string[] =>
  /[A-Z]/.test(typed) ? titles.map((title) => title.toUpperCase()) : titles;

/** Whether several values may stand there, with commas between. */
const isList = ({ flags }: Option): boolean => flags.includes(",...");

async function* idsOf(queen: QueenClient, typed: string, signal: AbortSignal) {
  const text = typed === "" ? {} : { text: typed };
  for await (const { hives } of queen.hivePages({ ...text, limit: PAGE }, { signal })) yield* hives.map(({ id }) => id);
}

async function* idsAndLabelsOf(queen: QueenClient, typed: string, signal: AbortSignal) {
  if (!typed.includes("=")) yield* idsOf(queen, typed, signal);
  yield* selectorsOf(queen, typed, signal);
}

/** Keys, and behind = the values of one: of the last term, which is being typed. */
async function* selectorsOf(queen: QueenClient, typed: string, signal: AbortSignal) {
  const [, before = "", key = "", is, value] = /^(.*,)?(!?[^,=!]*)(?:(=|==|!=)([^,=]*))?$/s.exec(typed) ?? [];
  const not = key.startsWith("!") ? "!" : "";
  for await (const { labels } of queen.labelPages({ limit: PAGE }, { signal })) {
    for (const label of labels) {
      if (value === undefined) yield `${before}${not}${label.key}${not === "" ? "=" : ""}`;
      else if (label.key === key) yield* label.values.map((one) => `${before}${key}${is}${one.value}`);
    }
  }
}

async function* modelsOf(queen: QueenClient, signal: AbortSignal) {
  for await (const { models } of queen.modelPages({ limit: PAGE }, { signal })) yield* models.map(({ model }) => model);
}

async function* operationsOf(queen: QueenClient, signal: AbortSignal) {
  yield* (await queen.listOperations({ limit: PAGE }, { signal })).operations.map(({ id }) => id);
}

/** Of an operation, once it is one that is waited for. */
async function* conditionsOf(queen: QueenClient, typed: string, signal: AbortSignal) {
  if (!typed.startsWith(OPERATION)) return;
  for await (const id of operationsOf(queen, signal)) yield `${OPERATION}${id}`;
}

async function* tokensOf(queen: QueenClient, signal: AbortSignal) {
  for await (const { tokens } of queen.tokenPages({ limit: PAGE }, { signal })) {
    yield* tokens.filter((token) => token.revoked_at_ms === null).map(({ id }) => id);
  }
}
