import type { Command } from "commander";
import { refuseVerb } from "./unknown-verb.ts";
import type { AddVerb } from "./verb.ts";

/** What `--help` is for most programs is a verb for others. */
export const addHelp: AddVerb = (parent) => {
  parent
    .command("help", { hidden: true })
    .argument("[verb...]")
    .action((words: readonly string[]) => {
      let command: Command = parent;
      for (const word of words) {
        const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
        if (next === undefined) refuseVerb(command, word);
        command = next;
      }
      command.help();
    });
};
