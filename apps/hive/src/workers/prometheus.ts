/** One line of a metrics page. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

// Without a choice between two ways to read the same spaces, so that no line takes long.
const LINE = /^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?\s*$/;
const LABEL = /([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?\s*/y;

/** The samples of a metrics page in the text format of Prometheus that have one of these names; lines that are none are passed over. */
export function samplesOf(page: string, names: readonly string[]): Sample[] {
  return page.split("\n").flatMap((line) => {
    if (!names.some((name) => line.startsWith(name))) return [];
    const [, name = "", labels = "", value = ""] = LINE.exec(line) ?? [];
    if (!names.includes(name) || !Number.isFinite(Number(value))) return [];
    return [{ name, labels: labelsOf(labels), value: Number(value) }];
  });
}

/** Values may hold commas, spaces and braces. */
function labelsOf(text: string): Record<string, string> {
  const labels: [string, string][] = [];
  for (let found = LABEL.exec(text); found !== null; found = LABEL.exec(text)) {
    const [, name = "", value = ""] = found;
    labels.push([name, value.replace(/\\(.)/g, (_, letter) => (letter === "n" ? "\n" : letter))]);
  }
  return Object.fromEntries(labels);
}

/** Undefined where there is no sample: that nothing was said is not that nothing runs. */
export const sumOf = (samples: readonly Sample[]): number | undefined =>
  samples.length === 0 ? undefined : samples.reduce((sum, { value }) => sum + value, 0);
