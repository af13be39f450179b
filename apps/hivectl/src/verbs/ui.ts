import { spawn } from "node:child_process";
import { once } from "node:events";
import { examples } from "../output/help-lines.ts";
import type { Session } from "../session.ts";
import type { AddVerb } from "./verb.ts";

export const addUi: AddVerb = (parent, does) => {
  parent
    .command("ui")
    .description(
      "Opens the page of the queen in the browser, logged in as whoever calls, by a code that is good once within a minute.",
    )
    .option("--print", "print its address, and open nothing")
    .addHelpText("after", examples(["pnpm -s hivectl ui --print"]))
    .action(
      does<{ print?: true }>(async (session, { flags }) => {
        const address = await addressOf(session);
        if (flags.print || !(await opens(address))) await session.terminal.write(`${address}\n`);
        else session.terminal.say(`the page of ${session.access.url} is open in the browser`);
      }),
    );
};

/** What comes after # is sent to nobody: the page itself logs in with it. */
async function addressOf({ queen, access, call }: Session): Promise<string> {
  // Whoever needs no token needs no code.
  const { token } = await queen.getMe(call);
  const page = `${access.url.replace(/\/+$/, "")}/ui`;
  return token === null ? page : `${page}#code=${(await queen.makeLoginCode(call)).code}`;
}

async function opens(address: string): Promise<boolean> {
  const program = process.platform === "darwin" ? "open" : "xdg-open";
  try {
    const [code] = await once(spawn(program, [address], { stdio: "ignore" }), "close");
    return code === 0;
  } catch {
    return false;
  }
}
