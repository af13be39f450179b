/** The flags of hivectl, by the parameters of the API that they stand for. */
const FLAGS: Readonly<Record<string, string>> = {
  selector: "-l",
  gpu: "--gpu",
  ram: "--ram",
  cores: "--cores",
  status: "--status",
  cordoned: "--cordoned",
  takes_work: "--takes-work",
  model: "--model",
  min_free_vram_gb: "--min-free-vram-gb",
  text: "--text",
  group_by: "--group-by",
  sort: "--sort",
};

/** What shows the same hives in a terminal. */
export function hivectlCommand(query: URLSearchParams): string {
  const words = ["hivectl get hives"];
  for (const [name, flag] of Object.entries(FLAGS)) {
    const value = query.get(name);
    if (value === null) continue;
    words.push(value === "true" ? flag : value === "false" ? `${flag}=false` : `${flag} ${quoted(value)}`);
  }
  return words.join(" ");
}

/** As a shell takes it for one word. */
const quoted = (text: string): string => (/^[\w.,:=/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
