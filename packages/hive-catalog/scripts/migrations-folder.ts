import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as z from "zod";
import { MIGRATIONS_FOLDER } from "../src/sql/migrations.ts";
import { CommandFailure } from "./command.ts";
import { REPOSITORY_ROOT } from "./drizzle-kit.ts";

const Journal = z.object({ entries: z.array(z.object({ idx: z.int(), when: z.int(), tag: z.string().min(1) })) });
const SnapshotIds = z.looseObject({ id: z.string(), prevId: z.string() });

/** One migration of drizzle-kit's journal; `when` is its date in ms, `tag` its name without `.sql`. */
type JournalEntry = z.infer<typeof Journal>["entries"][number];

export function readJournal(): JournalEntry[] {
  return Journal.parse(readJson(join("meta", "_journal.json"))).entries;
}

/** The snapshot of the schema as the last migration left it; undefined before the first. */
export function latestSnapshot(): z.infer<typeof SnapshotIds> | undefined {
  const last = readJournal().at(-1);
  return last && SnapshotIds.parse(readJson(snapshotName(last)));
}

/** The path of a migration's SQL, as seen from the repository's root. */
export function sqlPath({ tag }: JournalEntry): string {
  return relative(REPOSITORY_ROOT, join(MIGRATIONS_FOLDER, `${tag}.sql`));
}

/** What is wrong with the folder of migrations: a sentence for each thing. */
export function folderProblems(): string[] {
  const entries = readJournal();
  const problems = [...missingFiles(entries), ...strayFiles(entries), ...orderProblems(entries)];
  if (problems.length > 0) return problems;
  return [...chainProblems(entries), ...entries.flatMap(rebuildProblem)];
}

function missingFiles(entries: JournalEntry[]): string[] {
  const expected = entries.flatMap((entry) => [`${entry.tag}.sql`, snapshotName(entry)]);
  return expected
    .filter((name) => !existsSync(join(MIGRATIONS_FOLDER, name)))
    .map((name) => `${name} is missing, but the journal names its migration`);
}

function strayFiles(entries: JournalEntry[]): string[] {
  const sqlFiles = readdirSync(MIGRATIONS_FOLDER).filter((name) => name.endsWith(".sql"));
  const snapshots = readdirSync(join(MIGRATIONS_FOLDER, "meta"))
    .filter((name) => name.endsWith("_snapshot.json"))
    .map((name) => join("meta", name));
  const known = new Set(entries.flatMap((entry) => [`${entry.tag}.sql`, snapshotName(entry)]));
  return [...sqlFiles, ...snapshots]
    .filter((name) => !known.has(name))
    .map((name) => `${name} is there, but the journal does not name its migration`);
}

function orderProblems(entries: JournalEntry[]): string[] {
  return entries.flatMap((entry, position) => {
    const problems: string[] = [];
    if (entry.idx !== position) problems.push(`${entry.tag} has idx ${entry.idx} in the journal, must be ${position}`);
    const earlier = entries[position - 1];
    if (earlier && entry.when <= earlier.when) {
      problems.push(
        `${entry.tag} is not dated after ${earlier.tag}: drizzle-kit would skip it on a database that has the other; ` +
          `give it a "when" above ${earlier.when} in the journal`,
      );
    }
    return problems;
  });
}

/** Each snapshot names the one before it; two branches that both added a migration break the chain. */
function chainProblems(entries: JournalEntry[]): string[] {
  const ids = entries.map((entry) => SnapshotIds.parse(readJson(snapshotName(entry))));
  return entries.flatMap(({ tag }, position) => {
    const earlier = ids[position - 1];
    if (earlier === undefined || ids[position]?.prevId === earlier.id) return [];
    return [`${tag} does not follow ${entries[position - 1]?.tag}: remove it and generate it again on top`];
  });
}

/** One bad row of an adopted file would fail the copying of all rows, and shut the whole catalog. */
function rebuildProblem(entry: JournalEntry): string[] {
  if (!readText(`${entry.tag}.sql`).includes("__new_hives")) return [];
  return [
    `${sqlPath(entry)} rebuilds the hives table, which fails as soon as one stored row breaks a new rule; ` +
      `delete it, ${snapshotName(entry)} and its entry in meta/_journal.json, and change the schema by adding only`,
  ];
}

function snapshotName({ idx }: JournalEntry): string {
  return join("meta", `${String(idx).padStart(4, "0")}_snapshot.json`);
}

function readJson(name: string): unknown {
  try {
    return JSON.parse(readText(name));
  } catch (error) {
    if (error instanceof SyntaxError) throw new CommandFailure(`${name} is not JSON: ${error.message}`);
    throw error;
  }
}

function readText(name: string): string {
  try {
    return readFileSync(join(MIGRATIONS_FOLDER, name), "utf8");
  } catch (error) {
    throw new CommandFailure(error instanceof Error ? error.message : String(error));
  }
}
