import { printable } from "@repo/process-log/printable";
import { hivesToLockOut, type Schema } from "@repo/queen-client";
import { leadsNowhere } from "@repo/settings";
import { type Command, InvalidArgumentError, Option } from "commander";
import { EXIT, UsageProblem } from "../failure.ts";
import { examples } from "../output/help-lines.ts";
import type { Session } from "../session.ts";
import { addFilterFlags, type FilterFlags, filterOf } from "./hive-filter.ts";
import { makeToken } from "./make-token.ts";
import { showing } from "./shown-columns.ts";
import { WRITTEN, writeToken, writeTokens } from "./token-files.ts";
import type { Call, Does } from "./verb.ts";

type Role = Schema<"Token">["role"];

interface Flags extends FilterFlags {
  readonly name?: string;
  readonly role: Role;
  readonly hive?: string;
  readonly expiresInDays?: number;
  readonly out?: string;
  readonly outDir?: string;
}

const ROLES: readonly Role[] = ["operator", "reader", "hive"];
const MS_PER_DAY = 86_400_000;
/** Of the ids in a question. */
const NAMED = 5;

export const addTokenCreate = (token: Command, does: Does): Command =>
  addFilterFlags(
    showing(token.command("create"), WRITTEN, { isSorted: false })
      .description(
        "Makes a token, and prints it to stdout, this once, or writes it to a file; or one for each of many hives.",
      )
      .option("--name <name>", "what it is for")
      .addOption(new Option("--role <role>", "what its bearer may do").choices(ROLES).makeOptionMandatory())
      .option("--hive <id>", "for the role hive: the one hive for which it beats")
      .addOption(
        new Option("--expires-in-days <days>", "after how long it is worth nothing; never by default").argParser(
          readDays,
        ),
      )
      .option("--out <file>", "a new file of mode 600 for the token, which is then not printed")
      .option(
        "--out-dir <dir>",
        "for the role hive: one for each hive that has none, or for those of them that are chosen, in DIR/ID.token",
      ),
  )
    .addHelpText(
      "after",
      examples(
        ["pnpm -s hivectl token create --name gpu-01 --role hive --hive gpu-01 --out gpu-01.token"],
        ["pnpm -s hivectl token create --role hive -l rack=r12 --out-dir tokens"],
      ),
    )
    .action(does<Flags>(create));

async function create(session: Session, { flags }: Call<Flags>): Promise<number> {
  const { name, role, hive, out, outDir, expiresInDays } = flags;
  const filter = filterOf(flags);
  const validity = expiresInDays === undefined ? {} : { expires_at_ms: session.nowMs + expiresInDays * MS_PER_DAY };
  if (outDir !== undefined) {
    if (role !== "hive" || hive !== undefined || name !== undefined || out !== undefined)
      throw new UsageProblem(
        "--out-dir goes with --role hive, and without --hive, --name and --out: hives are chosen as by -l",
      );
    return writeTokens(session, outDir, { filter, validity });
  }
  if (Object.keys(filter).length > 0) throw new UsageProblem("hives are chosen for --role hive with --out-dir alone");
  if (name === undefined) throw new UsageProblem("--name says what the token is for");
  if ((role === "hive") !== (hive !== undefined))
    throw new UsageProblem("--hive goes with --role hive, and that with it");
  if (out === undefined && leadsNowhere()) {
    session.terminal.complain("stdout leads nowhere: nobody would have the token, and none was made");
    return EXIT.failed;
  }
  await confirm(session, role);
  const body = { name, role, ...(hive !== undefined && { hive_id: hive }), ...validity };
  if (out !== undefined) {
    const written = await writeToken(session, out, body);
    if (written === undefined) return EXIT.failed;
    const printer = session.printer(WRITTEN);
    await printer.print([written]);
    await printer.end();
  } else {
    const made = await makeToken(session, body, (one) => session.show(one, () => `${printable(one.token)}\n`));
    if (made === undefined) return EXIT.failed;
    session.terminal.say(`this is the token ${made.id}; it is not shown again`);
  }
  tell(session, role);
  return EXIT.done;
}

function tell({ terminal, caller }: Session, role: Role): void {
  terminal.say(useOf(role));
  // Whoever needed none made the first one.
  if (!caller?.hasToken && role !== "hive") {
    terminal.say("from now on every caller needs one, and each hive one of its own: --role hive --hive ID");
  }
}

const useOf = (role: Role): string =>
  role === "hive"
    ? "keep it in a file of mode 600 on that hive, and name the file in HIVE_TOKEN_FILE"
    : "its bearer gives it to `hivectl login`, or keeps it in a file of mode 600 that QUEEN_TOKEN_FILE names";

/** The first token that is not a hive's locks the door, also for agents. */
async function confirm(session: Session, role: Role): Promise<void> {
  if (role === "hive" || session.flags.yes) return;
  const { queen, call, terminal } = session;
  const { door_open } = await queen.getMe(call);
  if (!door_open) return;
  const refused = await hivesToLockOut(queen, session, call);
  if (refused.length === 0) return;
  const named = `${refused.slice(0, NAMED).join(", ")}${refused.length > NAMED ? ", …" : ""}`;
  terminal.complain(
    `the first token locks the queen, and ${refused.length} of the hives that beat show none (${named}): their heartbeats will be refused`,
  );
  terminal.complain(
    "`hivectl token create --role hive --out-dir tokens` makes one for each that has none; give them those first",
  );
  await session.confirm("Make the token all the same?");
}

function readDays(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number of days, from 1 to 99999.");
}
