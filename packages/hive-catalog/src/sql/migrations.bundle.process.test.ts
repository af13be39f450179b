import { execFile } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { temporaryFolder } from "../testing.ts";

const PACKAGE_FOLDER = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM = `import { HiveCatalog } from "@repo/hive-catalog";
  import "@repo/hive-catalog/maintenance";
  HiveCatalog.open(process.argv[2]).catch(({ code, message }) => console.log(code, message));`;

test.each(["esm", "cjs"] as const)(
  "a program that was bundled together with the catalog, as %s, is told to leave it outside",
  async (format) => {
    await using folder = await temporaryFolder();
    const program = join(folder.path, format === "esm" ? "program.mjs" : "program.cjs");
    await symlink(join(PACKAGE_FOLDER, "node_modules"), join(folder.path, "node_modules"));
    await build({
      stdin: { contents: PROGRAM, resolveDir: PACKAGE_FOLDER },
      ...{ bundle: true, platform: "node", format, conditions: ["source"], logLevel: "silent" },
      external: ["libsql", "@libsql/client"],
      outfile: program,
    });
    const { stdout } = await promisify(execFile)(process.execPath, [program, join(folder.path, "hives.db")]);
    expect(stdout).toMatch(
      /^INTERNAL the migrations of the catalog are not at \S+drizzle: .*leave @repo\/hive-catalog outside/,
    );
  },
);
