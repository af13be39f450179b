import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { MIGRATIONS_FOLDER } from "../src/sql/migrations.ts";
import { REPOSITORY_ROOT } from "./drizzle-kit.ts";
import { copyOfRepository, ending, startCommand } from "./repository-copy.ts";

// Several processes in a row, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

const check = (root = REPOSITORY_ROOT) => ending(startCommand("db-check", { root }));
const generate = (root: string, ...args: string[]) => ending(startCommand("db-generate", { args, root }));

function edit(path: string, change: (text: string) => string): void {
  const before = readFileSync(path, "utf8");
  const after = change(before);
  if (after === before) throw new Error(`${path} is as it was`);
  writeFileSync(path, after);
}

const sqlFiles = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".sql"));

const renameColumn = (text: string) => text.replace('field("ssh_user"', 'field("ssh_login"');

const REBUILDS = /\d{4}_\w+\.sql rebuilds the hives table.*delete it/s;

describe("db:check", () => {
  /** Its programs are bundled once for all that happens to its migrations alone. */
  let copy: Awaited<ReturnType<typeof copyOfRepository>>;
  beforeAll(async () => {
    copy = await copyOfRepository();
  });
  afterEach(() => {
    rmSync(copy.migrations, { recursive: true });
    cpSync(MIGRATIONS_FOLDER, copy.migrations, { recursive: true });
  });
  afterAll(() => copy[Symbol.asyncDispose]());

  it("passes the repository as it is", async () => {
    expect(await check()).toEqual({ code: 0, output: expect.stringContaining("0000_create_hives") });
  });

  it("fails when a file of a migration is missing, and when one is left over", async () => {
    rmSync(join(copy.migrations, "0000_create_hives.sql"));
    writeFileSync(join(copy.migrations, "9999_left_over.sql"), "SELECT 1;");
    const { code, output } = await check(copy.root);
    expect(code).toBe(1);
    expect(output).toContain("0000_create_hives.sql is missing");
    expect(output).toContain("9999_left_over.sql is there, but the journal does not name");
  });

  it("fails when a migration is dated before an earlier one", async () => {
    edit(join(copy.migrations, "meta", "_journal.json"), (text) => {
      const journal = JSON.parse(text);
      journal.entries.at(-1).when = journal.entries.at(-2).when;
      return JSON.stringify(journal);
    });
    const { code, output } = await check(copy.root);
    expect(code).toBe(1);
    expect(output).toMatch(/\d{4}_\w+ is not dated after \d{4}_\w+: drizzle-kit would skip it/);
  });

  it("fails when a migration rebuilds the hives table, and when one does not follow that before it", async () => {
    const file = join(copy.migrations, sqlFiles(copy.migrations).at(-1) ?? "");
    edit(file, (text) => `${text}\nALTER TABLE \`__new_hives\` RENAME TO \`hives\`;`);
    edit(join(copy.migrations, "meta", "0007_snapshot.json"), (text) => {
      const snapshot = JSON.parse(text);
      return JSON.stringify({ ...snapshot, prevId: snapshot.id });
    });
    const { code, output } = await check(copy.root);
    expect(code).toBe(1);
    expect(output).toMatch(REBUILDS);
    expect(output).toMatch(/0007_\w+ does not follow 0006_\w+: remove it and generate it again on top/);
  });

  it("fails when the SQL of a migration was edited, and says what it does not make", async () => {
    const file = join(copy.migrations, "0005_gpus_that_could_not_be_read.sql");
    edit(file, (text) => text.replace(/CREATE INDEX `idx_hives_lacking_devices`.*$/m, "SELECT 1;"));
    edit(join(copy.migrations, "0007_sessions_and_use_of_tokens.sql"), (text) =>
      text.replace("ADD `expires_at_ms` integer", "ADD `expires_at_ms` text"),
    );
    const { code, output } = await check(copy.root);
    expect(code).toBe(1);
    expect(output).toContain("the migrations do not make index idx_hives_lacking_devices on hives (id) WHERE");
    expect(output).toContain("the migrations do not make column tokens.expires_at_ms INTEGER");
  });
});

describe("db:generate", () => {
  it.each([
    [[], "--name is required"],
    [["--name", "AddLabel"], 'snake_case words, such as add_hive_labels, got "AddLabel"'],
    [["--name", "../x"], "snake_case"],
    [["--nmae", "x"], "unknown option '--nmae'"],
  ])("is called wrongly with %j", async (args, message) => {
    const { code, output } = await ending(startCommand("db-generate", { args }));
    expect(code).toBe(2);
    expect(output).toContain(message);
  });

  // That it writes what db:check asks for is shown by new-column.test.ts.
  it("fails when drizzle-kit wrote nothing because it had a question and no terminal", async () => {
    await using copy = await copyOfRepository();
    const before = sqlFiles(copy.migrations);
    edit(copy.model, renameColumn);
    const { code, output } = await generate(copy.root, "--name", "rename_ssh_user");
    expect(code).toBe(1);
    expect(output).toContain("no migration has: (not known: something was renamed");
    expect(sqlFiles(copy.migrations)).toEqual(before);
  });

  it("fails when the schema cannot be loaded, with the place of the error", async () => {
    await using copy = await copyOfRepository();
    edit(copy.schema, (text) => `${text}\nexport const broken = ;\n`);
    const { code, output } = await generate(copy.root, "--name", "broken");
    expect(code).toBe(1);
    expect(output).toMatch(/schema\.ts/);
  });

  it("refuses a migration that rebuilds the hives table", async () => {
    await using copy = await copyOfRepository();
    edit(copy.schema, (text) =>
      text
        .replace("import { index,", "import { check, index,")
        .replace("(table) => [", '(table) => [\n    check("port_range", sql.raw("port > 0")),'),
    );
    const { code, output } = await generate(copy.root, "--name", "check_port");
    expect(code).toBe(1);
    expect(output).toMatch(REBUILDS);
    expect(output).toMatch(/\d{4}_check_port\.sql rebuilds/);
  });
});
