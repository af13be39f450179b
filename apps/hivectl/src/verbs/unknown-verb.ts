import type { Command } from "commander";

/** What others call it: kubectl, systemctl, a shell. The first is meant where none begins as what was typed before it. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  apply: ["add"],
  create: ["add"],
  register: ["add"],
  delete: ["remove", "token revoke", "context remove", "host-key forget"],
  rm: ["remove", "token revoke", "context remove", "host-key forget"],
  remove: ["token revoke", "host-key forget"],
  drain: ["cordon"],
  edit: ["set"],
  patch: ["set"],
  update: ["set"],
  logs: ["get events"],
  log: ["get events"],
  list: ["get hives", "host-key show"],
  ls: ["get hives", "token list", "context list", "host-key show"],
  node: ["get hives"],
  nodes: ["get hives"],
  hosts: ["get hives"],
  pod: ["get workers"],
  pods: ["get workers"],
  ps: ["get workers"],
  show: ["describe hive ID", "token list", "context list"],
  tokens: ["token list"],
  contexts: ["context list"],
  config: ["context list"],
  rotate: ["token create"],
};
const MIN_BEGINNING = 3;

/** Has a command say of a verb that there is none of which one may have been meant; of a word that is like none, nothing. */
export function suggestVerbs(command: Command): void {
  for (const one of command.commands) suggestVerbs(one);
  if (command.commands.length === 0) return;
  command.on("command:*", ([word = ""]: string[]) => refuseVerb(command, word));
}

export function refuseVerb(command: Command, word: string): never {
  const meant = meantBy(word, command);
  const hint = meant === undefined ? "" : ` (did you mean \`hivectl ${meant}\`?)`;
  return command.error(`unknown command ${JSON.stringify(word)}${hint}`, { code: "commander.unknownCommand" });
}

function meantBy(word: string, command: Command): string | undefined {
  const typed = word.toLowerCase();
  const near = nameNear(typed, command);
  if (command.parent !== null) {
    if (near !== undefined) return `${command.name()} ${near}`;
    return command.name() === "describe" ? describedBy(word, command.parent) : otherName(typed, `${command.name()} `);
  }
  const kind = kindNear(typed, command);
  return otherName(typed) ?? near ?? (kind === undefined ? undefined : `get ${kind}`);
}

/** Whoever leaves the kind out means a hive. */
function describedBy(word: string, program: Command): string | undefined {
  const typed = word.toLowerCase();
  const other = otherName(typed);
  if (other !== undefined) return other === "get hives" ? "describe hive ID" : undefined;
  return kindNear(typed, program) === undefined ? `describe hive ${word}` : undefined;
}

const kindNear = (typed: string, program: Command): string | undefined =>
  nameNear(typed, ...program.commands.filter((one) => one.name() === "get"));

/** Within one command only what begins as it does; in place of `get`, what lists it. */
function otherName(typed: string, beginning = ""): string | undefined {
  const names = Object.hasOwn(OTHER_NAMES, typed) ? OTHER_NAMES[typed] : undefined;
  return names?.find((name) => name.startsWith(beginning) || (beginning === "get " && name.endsWith(" list")));
}

function nameNear(typed: string, ...groups: readonly Command[]): string | undefined {
  const names = groups
    .flatMap((group) => group.createHelp().visibleCommands(group))
    .flatMap((one) => [one.name(), ...one.aliases()]);
  const isBegun = (name: string) => typed.length >= MIN_BEGINNING && name.startsWith(typed);
  return names.find(isBegun) ?? names.find((name) => isOneSlip(typed, name));
}

/** One letter is missing, too many or another one, or two changed places. */
function isOneSlip(typed: string, name: string): boolean {
  const letters = [...typed];
  const at = letters.findIndex((letter, index) => letter !== name[index]);
  const from = at < 0 ? typed.length : at;
  const [one, other] = [typed.slice(from), name.slice(from)];
  const isTurned = one[0] === other[1] && one[1] === other[0] && one.slice(2) === other.slice(2);
  return one.slice(1) === other.slice(1) || one === other.slice(1) || one.slice(1) === other || isTurned;
}
