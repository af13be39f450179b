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

/** PRAGMAs that sqld takes with an argument: what they tell of, or what @libsql/client sets before it migrates. */
const WITH_ARGUMENT =
  /^(?:(?:defer_)?foreign_keys|foreign_key_(?:check|list)|user_version|(?:table|index)_x?info|(?:table|index)_list|(?:integrity|quick)_check|encoding)$/;
/** Those that it does not take at all, beside those that are not there. */
const REFUSED_PRAGMA =
  /^(?:case_sensitive_like|(?:full|short)_column_names|ignore_check_constraints|incremental_vacuum|optimize|shrink_memory|wal_checkpoint|writable_schema)$/;
const REFUSED_START = /^(?:(?:attach|detach|vacuum|analyze)\b|create temp(?:orary)? )/;

/** What would leave this database, or change how its connections work. */
function isUnsupported(words: readonly string[]): boolean {
  if (words[0] !== "pragma") return REFUSED_START.test(`${words.slice(0, 2).join(" ")} `);
  const [name = "", ...argument] = words.slice(words[2] === "." ? 3 : 1).filter((word) => word !== ";");
  return REFUSED_PRAGMA.test(name) || (argument.length > 0 && !WITH_ARGUMENT.test(name));
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
  const found = named_args.length === 0 ? byPosition(args, parameters) : byName(named_args, parameters);
  const missing = found.indexOf(undefined);
  if (missing !== -1) throw notMatching(`value for parameter ${parameters[missing] ?? missing + 1} not found`);
  const given = args.length + new Set(named_args.map(({ name }) => name)).size;
  if (given > parameters.length) {
    throw notMatching(`too many parameters, expected ${parameters.length} found ${given}`);
  }
  return found.map((value) => (value === undefined ? null : decodeValue(value)));
}

type Found = (Stmt["args"][number] | undefined)[];

/** Those with a name have none by their place. */
const byPosition = (args: Stmt["args"], parameters: SqlText["parameters"]): Found =>
  parameters.map((parameter, index) => (parameter === null || parameter.startsWith("?") ? args[index] : undefined));

/** With their prefix or without; the last of two with one name counts. */
const byName = (args: Stmt["named_args"], parameters: SqlText["parameters"]): Found =>
  parameters.map((parameter) => {
    if (parameter === null || parameter.startsWith("?")) return undefined;
    return args.findLast(({ name }) => name === parameter || name === parameter.slice(1))?.value;
  });

const notMatching = (message: string) =>
  new RequestError("ARGS_INVALID", `Arguments do not match SQL parameters: ${message}`);

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
  if (number < 1 || number > MAX_PARAMETER)
    throw new RequestError("SQL_INPUT_ERROR", "SQL input error: variable number out of range");
  while (parameters.length < number) parameters.push(null);
  parameters[number - 1] = token;
}
