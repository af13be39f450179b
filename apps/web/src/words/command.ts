/** The flags of hivectl, by the parameters of the API that they stand for. */
const FLAGS: Readonly<Record<string, string>> = {
  selector: "-l",
  gpu: "--gpu",
  ram: "--ram",
  cores: "--cores",
  status: "--status",
  cordoned: "--cordoned",
  model: "--model",
};
/** How the table looks changes nothing about which hives are in it. */
const LOOKS: ReadonlySet<string> = new Set(["sort", "group_by", "cols"]);

/** What shows the same hives in a terminal: hivectl, or curl where she is asked for what hivectl has no flag for. */
export function fleetCommand(query: URLSearchParams, root: string): string {
  const asked = [...query].filter(([name]) => !LOOKS.has(name));
  if (asked.some(([name, value]) => !(name in FLAGS) || value === "false")) {
    return `curl ${quoted(`${root}v1/fleet?${new URLSearchParams(asked)}`)}`;
  }
  const flags = asked.map(([name, value]) => (value === "true" ? FLAGS[name] : `${FLAGS[name]} ${quoted(value)}`));
  return ["hivectl get hives", ...flags].join(" ");
}

/** As a shell takes it for one word. */
const quoted = (text: string): string => (/^[\w.,:=/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
