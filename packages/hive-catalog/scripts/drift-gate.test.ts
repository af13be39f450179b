import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
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

const addColumn = (text: string) =>
  text.replace('host: field("host", text, host),', '$&\n  label: optional(field("label", text, z.string())),');
const renameColumn = (text: string) => text.replace('field("ssh_user"', 'field("ssh_login"');

const addTable = (text: string) =>
  `${text}\nexport const sites = sqliteTable("sites", { id: text("id").primaryKey() });\n`;

describe("db:check", () => {
  it("passes the repository as it is", async () => {
    expect(await check()).toEqual({ code: 0, output: expect.stringContaining("0000_create_hives") });
  });

  it("fails and names the cure when a column is added to the schema without a migration", async () => {
    await using copy = await copyOfRepository();
    expect((await check(copy.root)).code).toBe(0);
    edit(copy.model, addColumn);
    const { code, output } = await check(copy.root);
    expect(code).toBe(1);
    expect(output).toContain("The schema has changed: run pnpm db:generate --name");
    expect(output).toContain("ALTER TABLE `hives` ADD `label` text;");
  });

  it("fails without asking when a column is renamed", async () => {
    await using copy = await copyOfRepository();
    edit(copy.model, renameColumn);
    expect(await check(copy.root)).toMatchObject({ code: 1, output: expect.stringContaining("run pnpm db:generate") });
  });

  it("fails when a file of a migration is missing, and when one is left over", async () => {
    await using copy = await copyOfRepository();
    rmSync(join(copy.migrations, "0000_create_hives.sql"));
    writeFileSync(join(copy.migrations, "9999_left_over.sql"), "SELECT 1;");
    const { code, output } = await check(copy.root);
    expect(code).toBe(1);
    expect(output).toContain("0000_create_hives.sql is missing");
    expect(output).toContain("9999_left_over.sql is there, but the journal does not name");
  });

  it("fails when a migration is dated before an earlier one", async () => {
    await using copy = await copyOfRepository();
    edit(copy.schema, addTable);
    expect((await generate(copy.root, "--name", "add_sites")).code).toBe(0);
    edit(join(copy.migrations, "meta", "_journal.json"), (text) => {
      const journal = JSON.parse(text);
      journal.entries.at(-1).when = journal.entries.at(-2).when;
      return JSON.stringify(journal);
    });
    const { code, output } = await check(copy.root);
    expect(code).toBe(1);
    expect(output).toMatch(/\d{4}_add_sites is not dated after \d{4}_\w+: drizzle-kit would skip it/);
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

  it("writes a migration that satisfies the gate, and has nothing to write after that", async () => {
    await using copy = await copyOfRepository();
    const before = sqlFiles(copy.migrations);
    edit(copy.model, addColumn);
    const made = `${String(before.length).padStart(4, "0")}_add_label.sql`;
    const first = await generate(copy.root, "--name", "add_label");
    expect(first).toMatchObject({
      code: 0,
      output: expect.stringContaining(`made packages/hive-catalog/drizzle/${made}`),
    });
    expect(readFileSync(join(copy.migrations, made), "utf8")).toBe("ALTER TABLE `hives` ADD `label` text;");
    expect(await check(copy.root)).toMatchObject({ code: 0, output: expect.stringContaining("_add_label") });
    const second = await generate(copy.root, "--name", "add_more");
    expect(second).toMatchObject({ code: 0, output: expect.stringContaining("nothing has changed") });
    expect(sqlFiles(copy.migrations)).toEqual([...before, made]);
  });

  it("fails when drizzle-kit wrote nothing because it had a question and no terminal", async () => {
    await using copy = await copyOfRepository();
    const before = sqlFiles(copy.migrations);
    edit(copy.model, renameColumn);
    const { code, output } = await generate(copy.root, "--name", "rename_ssh_user");
    expect(code).toBe(1);
    expect(output).toContain("no migration has:");
    expect(sqlFiles(copy.migrations)).toEqual(before);
  });

  it("fails when the schema cannot be loaded, with the place of the error", async () => {
    await using copy = await copyOfRepository();
    edit(copy.schema, (text) => `${text}\nexport const broken = ;\n`);
    const { code, output } = await generate(copy.root, "--name", "broken");
    expect(code).toBe(1);
    expect(output).toMatch(/schema\.ts/);
  });

  it("refuses a migration that rebuilds the hives table, and so does db:check", async () => {
    await using copy = await copyOfRepository();
    edit(copy.schema, (text) =>
      text
        .replace("import { index,", "import { check, index,")
        .replace("(table) => [", '(table) => [\n    check("port_range", sql.raw("port > 0")),'),
    );
    const refused = /\d{4}_check_port\.sql rebuilds the hives table.*delete it/s;
    expect(await generate(copy.root, "--name", "check_port")).toMatchObject({
      code: 1,
      output: expect.stringMatching(refused),
    });
    expect(await check(copy.root)).toMatchObject({ code: 1, output: expect.stringMatching(refused) });
  });

  it("fails when the SQL of a migration was edited, and says what it does not make", async () => {
    await using copy = await copyOfRepository();
    const file = join(copy.migrations, "0005_gpus_that_could_not_be_read.sql");
    edit(file, (text) => text.replace(/CREATE INDEX `idx_hives_lacking_devices`.*$/m, "SELECT 1;"));
    expect(await check(copy.root)).toMatchObject({
      code: 1,
      output: expect.stringContaining("the migrations do not make index idx_hives_lacking_devices on hives (id) WHERE"),
    });
  });
});
