import { type Body, QueenProblem, type Schema } from "@repo/queen-client";
import { sentencesOf } from "../failure.ts";
import type { Session } from "../session.ts";
import { isOutcomeUnknown } from "./outcome.ts";

type TokenMade = Schema<"TokenMade">;

/**
 * Makes a token and has it kept, by whoever reads stdout or in a file. One that cannot be kept is said and revoked: it would be in force without
 * anybody who has it. Undefined then.
 */
export async function makeToken(
  session: Session,
  body: Body<"createToken">,
  keep: (made: TokenMade) => Promise<void>,
): Promise<TokenMade | undefined> {
  const made = await ask(session, body);
  try {
    await keep(made);
    return made;
  } catch (error) {
    session.terminal.complain(error instanceof Error ? error.message : String(error));
    await revokeUnkept(session, made);
    return undefined;
  }
}

async function ask({ queen, call, terminal }: Session, body: Body<"createToken">): Promise<TokenMade> {
  try {
    return await queen.createToken(body, call);
  } catch (error) {
    if (isOutcomeUnknown(error)) {
      terminal.complain(`a token for ${body.hive_id ?? body.name} may have been made that nobody has`);
      terminal.complain(
        "`hivectl token list` shows it, and `hivectl token revoke` ends it: look before you make another",
      );
    }
    throw error;
  }
}

/** Also where Ctrl-C has ended all else. */
async function revokeUnkept(session: Session, { id, token, role }: TokenMade): Promise<void> {
  const { terminal, access, queen } = session;
  // The first of an operator locks the queen, also for whoever made it without any.
  const asWhom = role === "operator" ? session.clientOf({ ...access, token }) : queen;
  try {
    await asWhom.revokeToken(id);
    terminal.complain(`nobody has the token ${id}, and it is revoked`);
  } catch (error) {
    const [why] = sentencesOf(error, session.caller);
    terminal.complain(`nobody has the token ${id}, and it is in force: to revoke it failed: ${why}`);
    const onHerMachine = `\`pnpm queen token revoke ${id}\` on the queen's machine`;
    const isLast = error instanceof QueenProblem && error.code === "LAST_OPERATOR";
    terminal.complain(
      isLast
        ? `${onHerMachine} ends it, and \`pnpm queen token create\` makes another there`
        : `\`hivectl token revoke ${id}\` ends it, or ${onHerMachine}`,
    );
  }
}
