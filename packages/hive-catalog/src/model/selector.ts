import { GrammarError } from "@repo/device-types";
import { isLabelKey, isLabelValue, KEY_RULE, type Labels, labelOf, VALUE_RULE } from "./label.ts";

/** Of the text of a selector, in characters. */
const MAX_LENGTH = 2000;
const MAX_TERMS = 16;
const MAX_VALUES = 32;

/** One condition on the labels of a hive. `values` is empty for `exists` and `absent`. */
export type SelectorTerm = {
  readonly key: string;
  readonly operator: "in" | "notIn" | "exists" | "absent";
  readonly values: readonly string[];
};

type Token = {
  /** Empty at the end. */
  readonly text: string;
  /** From 1. */
  readonly position: number;
};

const TOKEN = /\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+|$)/gy;

/** What a selector is made of, one after the other; the end, again and again. */
class Tokens {
  readonly #left: Token[];

  constructor(selector: string) {
    this.#left = Array.from(selector.matchAll(TOKEN), ({ 0: whole, 1: text = "", index }) => {
      return { text, position: index + whole.length - text.length + 1 };
    });
  }

  get next(): Token {
    return this.#left[0] as Token;
  }

  take(): Token {
    const { next } = this;
    if (this.#left.length > 1) this.#left.shift();
    return next;
  }

  /** Takes the next one if it is one of these. */
  accepts(...texts: readonly string[]): boolean {
    const isSo = texts.includes(this.next.text);
    if (isSo) this.take();
    return isSo;
  }
}

/**
 * Chooses hives by their labels, with Kubernetes' grammar and semantics: `rack=r12,env!=prod,zone in (a,b),!drained`. All terms must hold; `!=` and
 * `notin` hold also for hives that do not have the key; case matters. The empty selector chooses all.
 */
export class Selector {
  readonly terms: readonly SelectorTerm[];

  private constructor(terms: readonly SelectorTerm[]) {
    const canonical = new Map(terms.map((term) => [printed(term), term]));
    this.terms = [...canonical.keys()].sort().flatMap((text) => canonical.get(text) ?? []);
  }

  /** At most 2,000 characters, 16 terms, 32 values a set. Throws a GrammarError that names the place, what may stand there, and what arrived. */
  static parse(text: string): Selector {
    if (text.length > MAX_LENGTH) {
      throw new GrammarError(MAX_LENGTH + 1, `at most ${MAX_LENGTH} characters`, text.slice(MAX_LENGTH));
    }
    const tokens = new Tokens(text);
    const terms: SelectorTerm[] = [];
    if (tokens.next.text === "") return new Selector(terms);
    do {
      if (terms.length === MAX_TERMS) throw refused(tokens.next, `at most ${MAX_TERMS} terms`);
      terms.push(termIn(tokens));
    } while (tokens.accepts(","));
    if (tokens.next.text !== "") throw refused(tokens.next, afterOf(terms.at(-1)));
    return new Selector(terms);
  }

  /** Whether a hive with these labels is chosen. */
  matches(labels: Labels): boolean {
    return this.terms.every(({ key, operator, values }) => {
      const value = labelOf(labels, key);
      const isThere = value !== undefined;
      if (operator === "exists") return isThere;
      if (operator === "absent") return !isThere;
      return operator === "in" ? isThere && values.includes(value) : !isThere || !values.includes(value);
    });
  }

  /** The canonical form: terms and values in order, each once, `==` and sets of one as `=`. */
  toString(): string {
    return this.terms.map(printed).join(",");
  }
}

function printed({ key, operator, values: [first, ...others], values }: SelectorTerm): string {
  if (first === undefined) return operator === "exists" ? key : `!${key}`;
  if (others.length === 0) return `${key}${operator === "in" ? "=" : "!="}${first}`;
  return `${key} ${operator === "in" ? "in" : "notin"} (${values.join(",")})`;
}

function termIn(tokens: Tokens): SelectorTerm {
  if (tokens.accepts("!")) return { key: keyIn(tokens), operator: "absent", values: [] };
  const key = keyIn(tokens);
  if (tokens.accepts("=", "==")) return { key, operator: "in", values: [valueIn(tokens)] };
  if (tokens.accepts("!=")) return { key, operator: "notIn", values: [valueIn(tokens)] };
  if (tokens.accepts("in")) return { key, operator: "in", values: setIn(tokens) };
  if (tokens.accepts("notin")) return { key, operator: "notIn", values: setIn(tokens) };
  return { key, operator: "exists", values: [] };
}

function keyIn(tokens: Tokens): string {
  const token = tokens.take();
  if (!isLabelKey(token.text)) throw refused(token, KEY_RULE);
  return token.text;
}

function valueIn(tokens: Tokens): string {
  if (["", ",", ")"].includes(tokens.next.text)) return "";
  const token = tokens.take();
  if (!isLabelValue(token.text)) throw refused(token, VALUE_RULE);
  return token.text;
}

function setIn(tokens: Tokens): string[] {
  if (!tokens.accepts("(")) throw refused(tokens.next, "'('");
  if (tokens.next.text === ")") throw refused(tokens.next, "a value");
  const values: string[] = [];
  do {
    if (values.length === MAX_VALUES) throw refused(tokens.next, `at most ${MAX_VALUES} values`);
    values.push(valueIn(tokens));
  } while (tokens.accepts(","));
  if (!tokens.accepts(")")) throw refused(tokens.next, "',' or ')'");
  return [...new Set(values)].sort();
}

function afterOf(term: SelectorTerm | undefined): string {
  return term?.operator === "exists" ? "'=', '!=', 'in', 'notin', ',' or the end" : "',' or the end";
}

function refused({ text, position }: Token, expected: string): GrammarError {
  return new GrammarError(position, expected, text);
}
