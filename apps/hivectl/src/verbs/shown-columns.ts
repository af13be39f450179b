import type { Command } from "commander";
import { factsBelow } from "../output/help-lines.ts";
import type { Kind } from "../output/records.ts";

interface Shown {
  /** As they are typed. */
  readonly columns: readonly string[];
  readonly isSorted: boolean;
}

const SHOWN = new WeakMap<Command, Shown>();

/** Says of a verb what `--columns` chooses from, and of one that lists that `--sort` puts it in that order: to whoever asks for help, and to completion. */
export function showing<R>(command: Command, { columns }: Kind<R>, { isSorted = true } = {}): Command {
  const titles = columns.map(({ title }) => title.toLowerCase());
  SHOWN.set(command, { columns: titles, isSorted });
  return command.addHelpText("after", factsBelow(`Columns: ${titles.join(", ")}`));
}

export const columnsOf = (command: Command): readonly string[] => SHOWN.get(command)?.columns ?? [];

export const sortsOf = (command: Command): readonly string[] =>
  SHOWN.get(command)?.isSorted ? columnsOf(command) : [];
