/** The flags of hivectl, by the parameters of the API that they stand for. */
const FLAGS: Readonly<Record<string, string>> = {
  selector: "-l",
  gpu: "--gpu",
  ram: "--ram",
  cores: "--cores",
  status: "--status",
  cordoned: "--cordoned",
  on_probation: "--on-probation",
  unreachable: "--unreachable",
  not_beating: "--not-beating",
  model: "--model",
};
/** How the table looks changes nothing about which hives are in it. */
const LOOKS: ReadonlySet<string> = new Set(["sort", "group_by", "cols"]);

/** Where hivectl looks for a queen of whom nothing is said. */
const DEFAULT_ROOT = "http://127.0.0.1:8500/";

/** Whom a command is for. */
interface Queen {
  /** Her address, up to where her paths begin. */
  readonly root: string;
  /** Whether she asks for a token: hivectl takes it from QUEEN_TOKEN too. */
  readonly isLocked: boolean;
}

export function curlCommand({ root, isLocked }: Queen, path: string, options = ""): string {
  const asMe = isLocked ? '-H "authorization: Bearer $QUEEN_TOKEN" ' : "";
  return `curl ${asMe}${options && `${options} `}${quoted(root + path)}`;
}

export function hivectlCommand({ root }: Queen, ...words: readonly string[]): string {
  const where = root === DEFAULT_ROOT ? [] : ["--url", quoted(root.replace(/\/$/, ""))];
  return ["pnpm -s hivectl", ...where, ...words].join(" ");
}

/** What shows the same hives in a terminal: hivectl, or curl where she is asked for what hivectl has no flag for. */
export function fleetCommand(queen: Queen, query: URLSearchParams): string {
  const asked = [...query].filter(([name]) => !LOOKS.has(name));
  if (asked.some(([name, value]) => !(name in FLAGS) || value === "false")) {
    return curlCommand(queen, `v1/fleet?${new URLSearchParams(asked)}`);
  }
  const flags = asked.map(([name, value]) =>
    value === "true" ? (FLAGS[name] ?? "") : `${FLAGS[name]} ${quoted(value)}`,
  );
  return hivectlCommand(queen, "get hives", ...flags);
}

/** As a shell takes it for one word. */
const quoted = (text: string): string => (/^[\w.,:=/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
