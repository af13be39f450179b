import { basename } from "node:path";

/** The value of the last of these flags that stands in a command line, as `--flag value` or `--flag=value`: a later one wins there, too. */
export function optionOf(argv: readonly string[], ...flags: readonly string[]): string | undefined {
  const position = argv.findLastIndex((word) => flags.includes(flagIn(word)));
  const word = argv[position];
  if (word === undefined) return undefined;
  return word.includes("=") ? word.slice(word.indexOf("=") + 1) : argv[position + 1];
}

export const hasFlag = (argv: readonly string[], flag: string): boolean => argv.some((word) => flagIn(word) === flag);

/** llama.cpp and vLLM take an underscore for a hyphen. */
function flagIn(word: string): string {
  const [name = ""] = word.split("=", 1);
  return name.startsWith("--") ? name.replaceAll("_", "-") : name;
}

/** A port that a command line or a variable names; undefined where it names none. */
export function portIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

/** Whether a server is at the port that its command line names, or at its default one: a file may name another, and the system choose one. */
export function isAtToldPort({ argv }: { readonly argv: readonly string[] }): boolean {
  const port = optionOf(argv, "--port");
  return port === undefined ? !hasFlag(argv, "--config") : port !== "0";
}

/** What a subcommand was told without a flag, as its first word. */
export const positionalIn = ([, word]: readonly string[]): string | undefined =>
  word?.startsWith("-") ? undefined : word;

/** A number of things that can be done at once. */
export function countIn(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

/** As NixOS names a script that it starts by another one. */
const NIX_WRAPPED = /^\.(.+)-wrapped$/;

/** What runs, and the words behind it: of Python the script, or the module as `-m module`. */
export function programOf(argv: readonly string[]): { name: string; rest: readonly string[] } {
  const name = basename(argv[0] ?? "");
  if (!/^python[\d.]*t?$/.test(name)) return { name, rest: argv.slice(1) };
  let at = 1;
  while (argv[at]?.startsWith("-") && !isModule(argv[at])) at += /^-[WX]$/.test(argv[at] ?? "") ? 2 : 1;
  if (isModule(argv[at])) return { name: `-m ${argv[at + 1] ?? ""}`, rest: argv.slice(at + 2) };
  return { name: basename(argv[at] ?? "").replace(NIX_WRAPPED, "$1"), rest: argv.slice(at + 1) };
}

/** Of letters that stand together the last may be this one. */
const isModule = (word = ""): boolean => /^-[bBdEiIOPqsSuvx]*m$/.test(word);
