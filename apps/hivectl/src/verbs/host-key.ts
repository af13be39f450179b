import { inColumns, widest } from "@repo/process-log/columns";
import type { Schema } from "@repo/queen-client";
import { EXIT, UsageProblem } from "../failure.ts";
import { examples } from "../output/help-lines.ts";
import type { Session } from "../session.ts";
import { answerOf } from "./outcome.ts";
import { refuseNames } from "./small-list.ts";
import type { AddVerb } from "./verb.ts";

const ID = "of the hive";

export const addHostKey: AddVerb = (parent, does) => {
  const command = parent
    .command("host-key")
    .description("Says which SSH host keys the queen accepts from a hive. She logs in nowhere before one is confirmed.")
    .helpCommand(false)
    .addHelpText("after", examples(["pnpm -s hivectl host-key scan gpu-01"]));
  command
    .command("show")
    .description("Shows the keys that are confirmed.")
    .argument("<id>", ID)
    .addHelpText("after", examples(["pnpm -s hivectl host-key show gpu-01 -o json"]))
    .action(does((session, { args: [id = ""] }) => show(session, id)));
  command
    .command("scan")
    .description("Asks the host which keys it offers now, and shows them beside those that are confirmed.")
    .argument("<id>", ID)
    .addHelpText("after", examples(["pnpm -s hivectl host-key scan gpu-01"]))
    .action(does((session, { args: [id = ""] }) => scan(session, id)));
  command
    .command("confirm")
    .description(
      "Confirms a key by its fingerprint, which `ssh-keygen -lf` says on the host itself. Asks for it where no flag says it; --yes does not.",
    )
    .argument("<id>", ID)
    .option("--fingerprint <fingerprint>", "SHA256:…, as the host says it of itself")
    .addHelpText("after", examples(["pnpm -s hivectl host-key confirm gpu-01"]))
    .action(
      does<{ fingerprint?: string }>((session, { args: [id = ""], flags }) => confirm(session, id, flags.fingerprint)),
    );
  command
    .command("forget")
    .description("Forgets the keys that are confirmed: the queen logs in no more until one is confirmed anew.")
    .argument("<id>", ID)
    .addHelpText("after", examples(["pnpm -s hivectl host-key forget gpu-01"]))
    .action(does((session, { args: [id = ""] }) => forget(session, id)));
};

async function show(session: Session, id: string): Promise<void> {
  refuseNames(session);
  const keys = await session.queen.getHostKeys(id, session.call);
  await session.show(keys, () => tableOf(pinnedRows(keys, session), session));
  if (keys.pinned.length === 0) session.terminal.say(`no key is confirmed: \`hivectl host-key confirm ${id}\``);
}

async function scan(session: Session, id: string): Promise<number> {
  refuseNames(session);
  const keys = await session.queen.scanHostKeys(id, session.call);
  await session.show(keys, () => tableOf([...offeredRows(keys), ...pinnedRows(keys, session)], session));
  if (keys.problem === null) return EXIT.done;
  session.terminal.complain(`${addressOf(keys)} offers none: ${keys.problem}`);
  return EXIT.failed;
}

async function confirm(session: Session, id: string, given: string | undefined): Promise<void> {
  refuseNames(session);
  const fingerprint = given ?? (await askForFingerprint(session, id));
  const confirmed = session.queen.confirmHostKey(id, { fingerprint }, session.call);
  const key = await answerOf(session, "the key was confirmed", confirmed);
  await session.show(key, () => tableOf(pinnedRows({ pinned: [key] }, session), session));
}

/** The one that is typed, and never one that was only looked at: who confirms has it from the host. */
async function askForFingerprint(session: Session, id: string): Promise<string> {
  const { terminal } = session;
  if (!terminal.canAsk) throw new UsageProblem("the fingerprint must be said, and there is no terminal: --fingerprint");
  const keys = await session.queen.scanHostKeys(id, session.call);
  if (keys.problem !== null) throw new Error(`${addressOf(keys)} offers no key: ${keys.problem}`);
  terminal.say(`${addressOf(keys)} offers ${keys.offered.map(({ key_type }) => key_type).join(", ")}`);
  terminal.say("`ssh-keygen -lf` on the host says its fingerprint");
  const typed = await session.ask("Fingerprint:");
  if (typed === "") throw new UsageProblem("nothing is confirmed");
  return typed;
}

async function forget(session: Session, id: string): Promise<void> {
  // Of a hive that there is none of, nothing is asked.
  await session.queen.getHostKeys(id, session.call);
  await session.confirm(`Forget the host keys of ${id}?`);
  await answerOf(session, "they were forgotten", session.queen.forgetHostKey(id, session.call));
  session.terminal.say(`the host keys of ${id} are forgotten; \`hivectl host-key confirm ${id}\` confirms one`);
}

type Keys = Schema<"PinnedHostKeys">;
type Row = readonly [state: string, type: string, fingerprint: string, at: string];

const addressOf = ({ ssh_host, ssh_port }: Keys): string => `${ssh_host}:${ssh_port}`;
const pinnedRows = ({ pinned }: Pick<Keys, "pinned">, { times }: Session): Row[] =>
  pinned.map(({ key_type, fingerprint, pinned_at_ms }) => ["confirmed", key_type, fingerprint, times.at(pinned_at_ms)]);
const offeredRows = ({ offered }: Schema<"HostKeys">): Row[] =>
  offered.map(({ key_type, fingerprint }) => ["offered", key_type, fingerprint, ""]);

/** A line each; two where the terminal is too narrow, because a fingerprint that is cut or wrapped is of no use. */
function tableOf(rows: readonly Row[], { terminal }: Session): string {
  if (rows.length === 0) return "";
  const table = inColumns(rows);
  const width = widest(table.split("\n"));
  if (terminal.width === undefined || width <= terminal.width) return `${table}\n`;
  const lines = rows.flatMap(([state, type, fingerprint, at]) => [[[state, type, at]], [["", fingerprint]]]);
  return `${lines.map(inColumns).join("\n")}\n`;
}
