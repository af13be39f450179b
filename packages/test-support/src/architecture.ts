import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** Rooms from the bottom up: each may import what stands on a floor below its own, and rooms of one floor know nothing of each other. */
export type Floors = readonly (readonly string[])[];

/** What stands in a folder of sources, and what each file imports of the others. Paths begin in that folder. */
export class SourceTree {
  readonly files: readonly string[];
  readonly imports: readonly { readonly file: string; readonly imported: string }[];
  readonly #folder: string;

  /** Tests are left out, and what else is named: a path or the beginning of one. */
  constructor(folder: string, leftOut: readonly string[] = []) {
    this.#folder = folder;
    this.files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
      (file) => /(?<!\.test)\.[jt]s$/.test(file) && !leftOut.some((beginning) => file.startsWith(beginning)),
    );
    this.imports = this.files.flatMap((file) =>
      [...this.textOf(file).matchAll(/(?:from|import|import\()\s*"(\.[^"]+)"/g)].map(([, path = ""]) => ({
        file,
        imported: normalize(join(dirname(file), path)),
      })),
    );
  }

  textOf(file: string): string {
    return readFileSync(join(this.#folder, file), "utf8");
  }

  /** The packages that files which begin so import. */
  packagesOf(beginning = ""): string[] {
    const texts = this.files.filter((file) => file.startsWith(beginning)).map((file) => this.textOf(file));
    return [
      ...new Set(
        texts.flatMap((text) =>
          [...text.matchAll(/(?:from|import|import\()\s*"([^."][^"]*)"/g)].map(([, name = ""]) => name),
        ),
      ),
    ];
  }

  withoutFloor(floors: Floors): string[] {
    return this.files.filter((file) => floorOf(file, floors) < 0);
  }

  /** The imports that point up, or into another room of the same floor. */
  upward(floors: Floors): string[] {
    return this.imports
      .filter(({ file, imported }) => roomOf(file, floors) !== roomOf(imported, floors))
      .filter(({ file, imported }) => floorOf(file, floors) <= floorOf(imported, floors))
      .map(({ file, imported }) => `${file} → ${imported}`);
  }

  /** The files that import themselves on a way round, and those that lead to them. */
  circles(): string[] {
    const waiting = new Map(this.files.map((file) => [file, new Set<string>()]));
    for (const { file, imported } of this.imports) if (waiting.has(imported)) waiting.get(file)?.add(imported);
    for (let size = -1; size !== waiting.size; ) {
      size = waiting.size;
      for (const [file, needs] of waiting) if (![...needs].some((other) => waiting.has(other))) waiting.delete(file);
    }
    return [...waiting.keys()];
  }
}

/** A file at the top may stand on a floor by its whole name; otherwise its room is the first part of its path. */
function roomOf(file: string, floors: Floors): string {
  if (floors.flat().includes(file)) return file;
  return (file.split("/")[0] ?? "").replace(/\.[jt]s$/, "");
}

const floorOf = (file: string, floors: Floors): number =>
  floors.findIndex((rooms) => rooms.includes(roomOf(file, floors)));

const MAX_LINES = 300;

/** The files of a package that have more lines than a newcomer reads at one go, tests and all. */
export function longFiles(packageFolder: string): string[] {
  return ownFiles(packageFolder)
    .filter((file) => /\.[jt]s$/.test(file))
    .filter((file) => readFileSync(join(packageFolder, file), "utf8").split("\n").length - 1 > MAX_LINES);
}

/** The files below a folder, by their paths from there: not those that were installed or built, nor those that other tests put there for a while. */
export function ownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory()) return [entry.name];
    if (/^\.|^(?:node_modules|dist)$/.test(entry.name)) return [];
    return ownFiles(join(folder, entry.name)).map((file) => join(entry.name, file));
  });
}
