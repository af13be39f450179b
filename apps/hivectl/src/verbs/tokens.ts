import { QueenProblem, type Schema } from "@repo/queen-client";
import { sentencesOf } from "../failure.ts";
import { examples } from "../output/help-lines.ts";
import type { Kind } from "../output/records.ts";
import { timed } from "../output/table.ts";
import type { Session } from "../session.ts";
import { confirmNumber, refuseUnasked } from "./bulk.ts";
import { answerOf, exitCodeOf } from "./outcome.ts";
import { showing } from "./shown-columns.ts";
import { printList } from "./small-list.ts";
import { addTokenCreate } from "./token-create.ts";
import type { AddVerb } from "./verb.ts";

type Token = Schema<"Token">;

/** What keeps none of the others back. */
const OF_ONE: readonly QueenProblem["code"][] = ["TOKEN_NOT_FOUND", "LAST_OPERATOR"];

export const addTokens: AddVerb = (parent, does) => {
  const token = parent
    .command("token")
    .description("Makes, lists and revokes the tokens of a queen.")
    .helpCommand(false);
  addTokenCreate(token, does);
  showing(token.command("list"), TOKENS)
    .description("Lists the tokens, never what could be used in their place.")
    .addHelpText("after", examples(["pnpm -s hivectl token list --sort -used"]))
    .action(
      does(async (session) => {
        const tokens = await allTokens(session);
        await printList(session, TOKENS, [tokens], {
          none: "there are no tokens: whoever reaches the queen may do all",
        });
      }),
    );
  showing(token.command("revoke"), REVOKED, { isSorted: false })
    .description("Revokes tokens: whoever shows one is refused from then on.")
    .argument("<token...>", "the ids of tokens")
    .addHelpText("after", examples(["pnpm -s hivectl token revoke 0123456789abcdef"]))
    .action(does((session, { args }) => revoke(session, [...new Set(args)])));
};

async function revoke(session: Session, ids: readonly string[]): Promise<number> {
  const { terminal, queen, call, flags } = session;
  terminal.goOnUnread();
  refuseUnasked(session, "revoke");
  if (!flags.yes) await confirm(session, ids);
  const printer = session.printer(REVOKED);
  let revoked = 0;
  for (const id of ids) {
    try {
      await answerOf(session, `${id} was revoked`, queen.revokeToken(id, call));
      revoked += 1;
      await printer.print([{ id, revoked: true }]);
    } catch (error) {
      if (!(error instanceof QueenProblem) || !OF_ONE.includes(error.code)) throw error;
      const [what, ...next] = sentencesOf(error, session.caller);
      for (const sentence of [`${id}: ${what}`, ...next]) terminal.complain(sentence);
    }
  }
  await printer.end();
  return exitCodeOf(ids.length, revoked);
}

async function allTokens({ queen, call }: Session) {
  const tokens: Token[] = [];
  for await (const page of queen.tokenPages({ limit: 1000 }, call)) tokens.push(...page.tokens);
  return tokens;
}

/** Asked with what is known of them: an id alone says nobody whose it is. */
async function confirm(session: Session, ids: readonly string[]): Promise<void> {
  const tokens = await allTokens(session);
  const said = ids.map((id) => {
    const token = tokens.find((one) => one.id === id);
    return token === undefined ? `${id}, which is none` : `${id} (${token.name}, ${token.role})`;
  });
  if (ids.length === 1) return session.confirm(`Revoke the token ${said[0]}?`);
  for (const one of said) session.terminal.complain(one);
  await confirmNumber(session, "Revoke", ids.length, "tokens");
}

const REVOKED: Kind<{ readonly id: string; readonly revoked: true }> = {
  name: "tokens",
  nameOf: ({ id }) => id,
  columns: [
    { title: "ID", cell: ({ id }) => id },
    { title: "OUTCOME", cell: () => "revoked" },
  ],
};

const TOKENS: Kind<Token> = {
  name: "tokens",
  nameOf: ({ id }) => id,
  columns: [
    { title: "ID", cell: ({ id }) => id },
    { title: "NAME", cell: ({ name }) => name },
    { title: "ROLE", cell: ({ role }) => role },
    { title: "HIVE", cell: ({ hive_id }) => hive_id ?? "-" },
    timed("MADE", ({ created_at_ms }) => created_at_ms),
    timed("USED", ({ last_used_at_ms }) => last_used_at_ms),
    timed("EXPIRES", ({ expires_at_ms }) => expires_at_ms),
    {
      title: "REVOKED",
      isKept: true,
      cell: ({ revoked_at_ms }, times) => ({ text: times.at(revoked_at_ms), style: revoked_at_ms ? "red" : undefined }),
      sortKey: (one) => one.revoked_at_ms,
    },
  ],
};
