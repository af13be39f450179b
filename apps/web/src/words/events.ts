import { addressText } from "./devices.ts";

type Data = Readonly<Record<string, unknown>>;

/** An event in words, beside its time and its hive. */
export function eventText(type: string, data: Data): string {
  const write = WORDS[type];
  return write === undefined ? type : write(data);
}

const labelsText = (labels: unknown): string =>
  Object.entries(labels as Record<string, string>)
    .map(([key, value]) => (value === "" ? key : `${key}=${value}`))
    .join(", ") || "none";

const WORDS: Readonly<Record<string, (data: Data) => string>> = {
  status: ({ was, status, why }) => `${was} → ${status}: ${why}`,
  cordon: ({ cordoned, reason, until_ms }) => {
    if (cordoned) return `cordoned: ${reason}`;
    return until_ms === null ? "uncordoned" : `its cordon ran out: ${reason}`;
  },
  operation: ({ kind, state }) => `${kind} ${state}`,
  hive_added: ({ host, port }) => `added, at ${addressText({ host: String(host), port: Number(port) })}`,
  hive_changed: ({ changed = "", labels }) =>
    `changed: ${labels ? String(changed).replace(/labels$/, `labels ${labelsText(labels)}`) : changed}`,
  hive_removed: () => "removed",
  liveness: ({ kind, why }) => `${String(kind).replaceAll("_", " ")}: ${why}`,
};
