import { withUsageErrors } from "@repo/settings";
import {
  type AddHelpTextContext,
  type Argument,
  Command,
  CommanderError,
  InvalidArgumentError,
  Option,
} from "commander";
import manifest from "../package.json" with { type: "json" };
import { EXIT, Interrupted, isMisuse, sentencesOf, stackOf, Unwritable } from "./failure.ts";
import { examples, factsBelow, withNarrowHelp } from "./output/help-lines.ts";
import { FORMATS } from "./output/records.ts";
import { widthOf, withCommand } from "./output/terminal.ts";
import { parseDuration } from "./output/times.ts";
import { type CommonFlags, Session, type World } from "./session.ts";
import { addAdd } from "./verbs/add.ts";
import { addBest } from "./verbs/best.ts";
import { addCancel } from "./verbs/cancel.ts";
import { addComplete } from "./verbs/complete.ts";
import { addCompletion } from "./verbs/completion.ts";
import { addConfirmMissing } from "./verbs/confirm-missing.ts";
import { addContexts } from "./verbs/contexts.ts";
import { addCordon } from "./verbs/cordon.ts";
import { addDescribe } from "./verbs/describe.ts";
import { addGetCordons } from "./verbs/get-cordons.ts";
import { addGetEvents } from "./verbs/get-events.ts";
import { addGetHives } from "./verbs/get-hives.ts";
import { addGetLabels } from "./verbs/get-labels.ts";
import { addGetModels } from "./verbs/get-models.ts";
import { addGetWorkers } from "./verbs/get-workers.ts";
import { addHelp } from "./verbs/help.ts";
import { addHostKey } from "./verbs/host-key.ts";
import { addLabel } from "./verbs/label.ts";
import { addLifecycle } from "./verbs/lifecycle.ts";
import { addDescribeOperation, addGetOperations } from "./verbs/operations.ts";
import { addRemove } from "./verbs/remove.ts";
import { addSet } from "./verbs/set.ts";
import { addStatus } from "./verbs/status.ts";
import { addTokens } from "./verbs/tokens.ts";
import { addTop } from "./verbs/top.ts";
import { addUi } from "./verbs/ui.ts";
import { suggestVerbs } from "./verbs/unknown-verb.ts";
import type { Does } from "./verbs/verb.ts";
import { addVersion } from "./verbs/version.ts";
import { addWait } from "./verbs/wait.ts";

const HELP_AFTER = `Environment:
  QUEEN_URL         where the queen is, unless --url says it
  QUEEN_TOKEN_FILE  a file of mode 600 with the token for her
  QUEEN_TOKEN       the token itself; there is no flag for it, so that it is in no process list
  QUEEN_CA          a file of certificates in PEM, beside those that Node knows
  HIVECTL_COMMAND   what calls hivectl, for hints and help: the name of a function or an alias
  NO_COLOR          no colours, as --no-color says
  XDG_CONFIG_HOME   in hivectl/config.json below it are the contexts (default: ~/.config)
  A flag wins over its variable, and that over the context.

Exit codes: 0 done, 1 it could not be done, 2 called wrongly, 3 some of several could be done, 5 time is up, 130 interrupted.`;

/** Runs one call of hivectl. Returns its exit code. */
export async function run(argv: readonly string[], world: World): Promise<number> {
  let exitCode: number = EXIT.done;
  let session: Session | undefined;
  let named: string | undefined;
  const help: string[] = [];
  const does: Does =
    (work) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const flags = command.optsWithGlobals<CommonFlags>();
      session = new Session(world, flags);
      named = command.args.length === 1 && command.args[0] !== "-" ? command.args[0] : undefined;
      exitCode = (await work(session, { args: command.args, flags: flags as never })) ?? EXIT.done;
    };
  try {
    // `pnpm hivectl -- get hives` hands the dashes on.
    const words = argv[0] === "--" ? argv.slice(1) : argv;
    await commandLine(does, (text) => void help.push(text), world).parseAsync(words, { from: "user" });
    const lost = session?.terminal.lost;
    if (lost === undefined || lost.isReaderGone) return exitCode;
    session?.terminal.complain(lost.message);
    return exitCode === EXIT.done ? EXIT.failed : exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return await print(help.join(""), world);
    return exitCodeOf(error, { session, named, world });
  }
}

/** What `--help` and `--version` ask for, before there is a session. */
async function print(text: string, { stdout, stderr }: World): Promise<number> {
  const error = await new Promise<Error | null | undefined>((resolve) => stdout.write(text, resolve));
  const lost = error ? new Unwritable(error) : undefined;
  if (lost === undefined || lost.isReaderGone) return EXIT.done;
  stderr.write(`hivectl: ${lost.message}\n`);
  return EXIT.failed;
}

interface Call {
  readonly session: Session | undefined;
  /** The one thing that it is about, if there is one. */
  readonly named: string | undefined;
  readonly world: World;
}

function exitCodeOf(error: unknown, { session, named, world }: Call): number {
  if (error instanceof CommanderError) return EXIT.calledWrongly;
  if (error instanceof Unwritable && error.isReaderGone) return EXIT.done;
  if (error instanceof Interrupted || world.signal.aborted) return EXIT.interrupted;
  for (const sentence of sentencesOf(error, session?.caller, named)) session?.terminal.complain(sentence);
  if (session?.flags.verbose) for (const line of stackOf(error)) session.terminal.complain(line);
  return isMisuse(error) ? EXIT.calledWrongly : EXIT.failed;
}

function commandLine(does: Does, writeOut: (text: string) => void, { stdout, stderr, command }: World): Command {
  const program = withNarrowHelp(withUsageErrors("hivectl", new Command(command)))
    .description("The fleet of a queen from a terminal.")
    .version(manifest.version, "-V, --version", "show the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .exitOverride();
  program.configureOutput({
    ...program.configureOutput(),
    getOutHelpWidth: () => widthOf(stdout),
    getErrHelpWidth: () => widthOf(stderr),
    writeOut,
    writeErr: (text) => void stderr.write(withCommand(text, command)),
  });
  addCommonFlags(program)
    .addHelpText("beforeAll", sayWhatFollows)
    .addHelpText("after", factsBelow(HELP_AFTER))
    .addHelpText("after", examples(["pnpm -s hivectl get hives -l rack=r12 --gpu H100:80GB"]));
  const get = program.command("get").description("Lists what there is of one kind.").helpCommand(false);
  const describe = program.command("describe").description("Shows all that is known of one thing.").helpCommand(false);
  addStatus(program, does);
  addTop(program, does);
  addBest(program, does);
  addGetHives(get, does);
  addGetWorkers(get, does);
  addGetModels(get, does);
  addGetOperations(get, does);
  addGetEvents(get, does);
  addGetLabels(get, does);
  addGetCordons(get, does);
  addDescribe(describe, does);
  addWait(program, does);
  addDescribeOperation(describe, does);
  addAdd(program, does);
  addSet(program, does);
  addLabel(program, does);
  addCordon(program, does);
  addRemove(program, does);
  addLifecycle(program, does);
  addCancel(program, does);
  addHostKey(program, does);
  addConfirmMissing(program, does);
  addTokens(program, does);
  addContexts(program, does);
  addUi(program, does);
  addCompletion(program, does);
  addComplete(program, does);
  addVersion(program, does);
  addHelp(program, does);
  suggestVerbs(program);
  return program;
}

/** Of a verb that takes another one, and got none, the whole help would say less than a sentence. */
function sayWhatFollows({ error, command }: AddHelpTextContext): string {
  if (!error || command.parent === null) return "";
  const verbs = command.createHelp().visibleCommands(command);
  const names = verbs.map((verb) => verb.name());
  const [first] = verbs;
  const example = [command.name(), first?.name(), ...(first?.registeredArguments ?? []).filter(isNeeded).map(nameOf)];
  return command.error(`${command.name()} takes ${oneOf(names)}, as in \`hivectl ${example.join(" ")}\``);
}

const isNeeded = ({ required }: Argument): boolean => required;
const nameOf = (argument: Argument): string => argument.name().toUpperCase();
const oneOf = (names: readonly string[]): string => `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;

/** They may stand before the verb or after it. */
const addCommonFlags = (program: Command): Command =>
  program
    .option("--url <url>", "where the queen is")
    .option("--context <name>", "the context that counts for this call")
    .addOption(new Option("-o, --output <format>", "how to say it").choices(FORMATS).default("table"))
    .option("--json", "the same as -o json")
    .addOption(
      new Option("--columns <title,...>", "which columns, in which order").argParser((text) => text.split(",")),
    )
    .option("--sort <title>", "in the order of that column; with - before it, the other way round")
    .option("--no-headers", "no line of titles")
    .option("--no-color", "no colours")
    .option("-q, --quiet", "nothing on stderr but what went wrong")
    .option("-y, --yes", "yes to every question")
    .addOption(
      new Option(
        "--timeout <time>",
        "how long a request may take (default: 30s), or, of `wait`, all of it (default: 5m)",
      ).argParser(readDuration),
    )
    .option("-v, --verbose", "each request on stderr");

function readDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError("It must be a time such as 30s, 5m or 1h30m.");
}
