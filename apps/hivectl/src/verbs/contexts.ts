import { resolve } from "node:path";
import { accessOf, checkToken, DEFAULT_URL, isSameQueen } from "../access/access.ts";
import { type Context, contextNamed, contextsPath, readContexts, writeContexts } from "../access/contexts.ts";
import { UsageProblem } from "../failure.ts";
import { readSecret } from "../output/asking.ts";
import { examples } from "../output/help-lines.ts";
import type { Kind } from "../output/records.ts";
import type { Session } from "../session.ts";
import { showing } from "./shown-columns.ts";
import { printList } from "./small-list.ts";
import type { AddVerb } from "./verb.ts";

interface Listed {
  readonly name: string;
  readonly current: boolean;
  readonly url: string;
  readonly has_token: boolean;
  readonly ca: string | null;
}

const CONTEXTS: Kind<Listed> = {
  name: "contexts",
  nameOf: ({ name }) => name,
  columns: [
    { title: "NAME", cell: ({ name, current }) => ({ text: name, style: current ? "bold" : undefined }) },
    { title: "CURRENT", cell: ({ current }) => (current ? "*" : "") },
    { title: "URL", cell: ({ url }) => url },
    { title: "TOKEN", cell: ({ has_token }) => (has_token ? "yes" : "no") },
    { title: "CA", isWide: true, cell: ({ ca }) => ca ?? "" },
  ],
};

export const addContexts: AddVerb = (parent, does) => {
  parent
    .command("login")
    .description("Stores the URL of a queen, and the token for her that it asks for, or that stdin says, as a context.")
    .argument("[url]", "where the queen is; default: as for every verb")
    .option("--name <name>", "of the context; default: the one that counts, else the host of the URL")
    .option("--ca <file>", "certificates in PEM, beside those that Node knows")
    .addHelpText("after", examples(["pnpm -s hivectl login https://queen.example:8500 < queen.token"]))
    .action(does(login));

  const context = parent
    .command("context")
    .description("Says which queens there are to call, and which one counts.")
    .helpCommand(false);
  showing(context.command("list"), CONTEXTS)
    .description("Lists the contexts.")
    .addHelpText("after", examples(["pnpm -s hivectl context list"]))
    .action(does(list));
  context
    .command("use")
    .description("Makes a context the one that counts.")
    .argument("<context>")
    .action(does((session, { args: [name = ""] }) => use(session, name)));
  context
    .command("add")
    .description(
      "Adds a context for a queen who needs no token, or whose token a variable says; `context use` makes it count, unless it is the first. `login` stores a token too.",
    )
    .argument("<name>")
    .argument("<url>")
    .option("--ca <file>", "certificates in PEM, beside those that Node knows")
    .action(
      does<{ ca?: string }>(async (session, { args: [name = "", url = ""], flags: { ca } }) => {
        session.clientOf({ url, token: undefined, ca: undefined });
        const { current, contexts } = readContexts(session.env);
        if (Object.hasOwn(contexts, name)) {
          throw new UsageProblem(`there is a context ${name} already: remove it first`);
        }
        store(session, name, { url, ...(ca !== undefined && { ca: resolve(ca) }) }, { current: current ?? name });
      }),
    );
  context
    .command("remove")
    .description("Forgets a context, and its token.")
    .argument("<context>")
    .action(does((session, { args: [name = ""] }) => remove(session, name)));
};

async function login(
  session: Session,
  { args: [givenUrl], flags }: { args: readonly string[]; flags: { name?: string; ca?: string } },
): Promise<void> {
  const { env, terminal } = session;
  const givenCa = flags.ca && resolve(flags.ca);
  const where = givenUrl === undefined ? session.flags : { ...session.flags, url: givenUrl };
  // Whatever token is there already is not the one that is to be stored.
  const known = accessOf(where, {
    ...env,
    QUEEN_TOKEN: undefined,
    QUEEN_TOKEN_FILE: undefined,
    ...(givenCa && { QUEEN_CA: givenCa }),
  });
  const given = await readSecret(terminal, `Token for ${known.url}: `, session.signal);
  if (given === "")
    throw new UsageProblem(terminal.canAsk ? "no token was typed" : "nothing came on stdin, where the token is read");
  const token = checkToken("the token", given);
  // Tried before it is stored: what does not work now works no better later.
  const { door_open, role } = await session.clientOf({ ...known, token }).getMe(session.call);
  if (door_open) throw new UsageProblem(`${known.url} needs no token yet, and cannot say whether this one is hers`);
  if (role === "hive") throw new UsageProblem("this token is a hive's: it beats, and can do nothing else");
  const { current } = readContexts(env);
  const name = flags.name ?? known.context ?? (givenUrl === undefined ? current : undefined) ?? new URL(known.url).host;
  // From wherever it came, the next call needs it too.
  const ca = known.caPath && resolve(known.caPath);
  store(session, name, { url: known.url, token, ...(ca !== undefined && { ca }) }, { current: name });
}

async function list(session: Session): Promise<void> {
  const { current, contexts } = readContexts(session.env);
  const listed = Object.entries(contexts).map(([name, { url, token, ca = null }]) => {
    return { name, current: name === current, url, has_token: token !== undefined, ca };
  });
  await printList(session, CONTEXTS, [listed], { none: "there are no contexts: `hivectl login` makes one" });
}

function store(session: Session, name: string, context: Context, { current }: { current: string }): void {
  const { env, terminal } = session;
  const { contexts } = readContexts(env);
  writeContexts(env, { current, contexts: { ...contexts, [name]: context } });
  const stored = `the context ${name} is stored in ${contextsPath(env)}`;
  if (current === name) {
    terminal.say(`${stored}, and counts from now on`);
    sayWhatWins(session, context);
  } else terminal.say(`${stored}; ${current} counts on: \`hivectl context use ${name}\` changes that`);
}

/** Variables may say something else than the context that is to count. */
function sayWhatWins({ env, terminal }: Session, { url, token }: Context): void {
  const { QUEEN_URL, QUEEN_TOKEN, QUEEN_TOKEN_FILE } = env;
  const said = [
    ...(QUEEN_URL && !isSameQueen(QUEEN_URL, url) ? ["QUEEN_URL"] : []),
    ...(QUEEN_TOKEN && token !== undefined ? ["QUEEN_TOKEN"] : []),
    ...(QUEEN_TOKEN_FILE && token !== undefined ? ["QUEEN_TOKEN_FILE"] : []),
  ];
  if (said.length > 0) terminal.complain(`${said.join(" and ")} wins over it while it is set`);
}

async function use(session: Session, name: string): Promise<void> {
  const stored = readContexts(session.env);
  const context = contextNamed(name, stored);
  writeContexts(session.env, { current: name, contexts: stored.contexts });
  session.terminal.say(`the context ${name} counts from now on`);
  sayWhatWins(session, context);
}

async function remove(session: Session, name: string): Promise<void> {
  const stored = readContexts(session.env);
  const { token } = contextNamed(name, stored);
  const { current } = stored;
  const { [name]: _removed, ...contexts } = stored.contexts;
  writeContexts(session.env, { current: current === name ? undefined : current, contexts });
  session.terminal.say(
    `the context ${name} is forgotten${token === undefined ? "" : "; its token stays valid until it is revoked"}`,
  );
  if (current !== name) return;
  const url = session.env.QUEEN_URL || DEFAULT_URL;
  session.terminal.say(`no context counts now: ${url} is asked, until \`hivectl context use\` says another`);
}
