import { decodeValue, RequestError, type SqlValue, type Stmt } from "./protocol.ts";

/** What the server must know of a statement's text before the binding gets it. */
type SqlText = {
  /** The parameters by their number, from 1: the name with its prefix, null for `?` and for gaps. */
  readonly parameters: readonly (string | null)[];
  readonly kind: SqlKind;
};

/**
 * `read` takes no lock for writing; `begin` starts a transaction; `control` runs outside of one or ends it; `write` is the rest.
 * What cannot be told apart counts as a write: it takes the lock once too often, never too rarely.
 */
export type SqlKind = "read" | "write" | "begin" | "control";

const KEYWORDS: readonly (readonly [RegExp, SqlKind])[] = [
  [/^(?:select|values|explain)$/, "read"],
  [/^begin$/, "begin"],
  [/^(?:commit|end|rollback|savepoint|release|vacuum|pragma)$/, "control"],
];
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\?\d*|[:@$][\p{L}\p{N}_]+|;|[\p{L}\p{N}_]+|\S/gu;
const MAX_PARAMETER = 32_766;

/** Throws a RequestError for a text that is not exactly one statement, or that would leave this database. */
export function readSql(sql: string): SqlText {
  const tokens = (sql.match(TOKEN) ?? []).filter((token) => !/^(?:--|\/\*)/.test(token));
  const words = tokens.map((token) => token.toLowerCase());
  const first = words.find((word) => word !== ";");
  if (first === undefined) throw new RequestError("SQL_NO_STATEMENT", "SQL string does not contain any statement");
  if (isUnsupported(words))
    throw new RequestError("SQL_PARSE_ERROR", `SQL string could not be parsed: unsupported statement: ${sql}`);
  const isTrigger = first === "create" && words.slice(0, 4).includes("trigger");
  const end = words.indexOf(";", words.indexOf(first));
  if (!isTrigger && end !== -1 && words.slice(end).some((word) => word !== ";")) {
    throw new RequestError("SQL_MANY_STATEMENTS", "SQL string contains more than one statement");
  }
  const kind = KEYWORDS.find(([keyword]) => keyword.test(first))?.[1] ?? "write";
  return { parameters: parametersOf(tokens), kind };
}

/** What sqld lets its clients set; @libsql/client does so before it migrates. */
const SETTABLE = /^(?:defer_)?foreign_keys$|^user_version$/;

/** What would leave this database, or change how its connections work. */
function isUnsupported(words: readonly string[]): boolean {
  const [first = "", name = ""] = words;
  return (
    /^(?:attach|detach|vacuum)$/.test(first) || (first === "pragma" && words.includes("=") && !SETTABLE.test(name))
  );
}

/** The statements of a text, one after the other. A trigger, whose body has semicolons of its own, comes as what is left of the text. */
export function statementsOf(sql: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let words: string[] = [];
  for (const { 0: token, index } of sql.matchAll(TOKEN)) {
    if (/^(?:--|\/\*)/.test(token)) continue;
    if (token !== ";") {
      words.push(token.toLowerCase());
      continue;
    }
    if (words[0] === "create" && words.slice(0, 4).includes("trigger")) continue;
    if (words.length > 0) statements.push(sql.slice(start, index));
    start = index + 1;
    words = [];
  }
  return words.length > 0 ? [...statements, sql.slice(start)] : statements;
}

/** The arguments in the order of the parameters: the binding aborts the process when it cannot find a named one. */
export function argumentsOf(stmt: Stmt, text: SqlText): SqlValue[] {
  const values = matched(stmt, text);
  if (!values.some((value) => typeof value === "string" && value.includes("\0"))) return values;
  throw new RequestError("ARGS_INVALID", "the binding of this server would cut a text at its NUL character");
}

function matched({ args, named_args }: Stmt, { parameters }: SqlText): SqlValue[] {
  if (args.length > 0 && named_args.length > 0) {
    const message = "Specifying both positional and named arguments is not supported";
    throw new RequestError("ARGS_BOTH_POSITIONAL_AND_NAMED", message);
  }
  if (named_args.length === 0) {
    if (args.length >= parameters.length) return args.slice(0, parameters.length).map(decodeValue);
    const message = `there are ${parameters.length} parameters, but ${args.length} arguments`;
    throw new RequestError("ARGS_INVALID", `Arguments do not match SQL parameters: ${message}`);
  }
  return parameters.map((parameter) => {
    const found = named_args.find(({ name }) => name === parameter || name === parameter?.slice(1));
    if (found) return decodeValue(found.value);
    const message = `there is no argument for the parameter ${parameter ?? "?"}`;
    throw new RequestError("ARGS_INVALID", `Arguments do not match SQL parameters: ${message}`);
  });
}

function parametersOf(tokens: readonly string[]): (string | null)[] {
  const parameters: (string | null)[] = [];
  for (const token of tokens) {
    if (token === "?") parameters.push(null);
    else if (token.startsWith("?")) setNumbered(parameters, token);
    else if (/^[:@$]./.test(token) && !parameters.includes(token)) parameters.push(token);
  }
  return parameters;
}

function setNumbered(parameters: (string | null)[], token: string): void {
  const number = Number(token.slice(1));
  if (number < 1 || number > MAX_PARAMETER) throw new RequestError("SQL_PARSE_ERROR", "variable number out of range");
  while (parameters.length < number) parameters.push(null);
  parameters[number - 1] = token;
}
