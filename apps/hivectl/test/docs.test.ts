import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient } from "@libsql/client";
import { QueenClient } from "@repo/queen-client";
import { beforeAll, expect, test } from "vitest";
import { FILE, hivectl } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();
const ROOT = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");
const page = (name: string) => readFileSync(`${ROOT}/${name}`, "utf8");

beforeAll(async () => {
  const client = new QueenClient({ url: queen.url });
  const gpus = [0, 1].map((index) => ({ index, name: "NVIDIA H100 80GB HBM3", vram_gb: 80 }));
  await client.addHive({ id: "gpu-01", host: "127.0.0.1", port: 8601, devices: { cpu: null, gpus } });
  await client.addHive({ id: "gpu-02", host: "127.0.0.1", port: 8602 });
  const timestamp = new Date().toISOString();
  const worker = { worker_id: "w1", state: "Idle", health_status: "healthy", model_id: "llama-3-8b" } as const;
  const place = { port: 8080, reachable: "all" } as const;
  const workers = [{ ...worker, ...place, last_heartbeat: timestamp }];
  await client.sendHeartbeat({ hive_id: "gpu-01", timestamp, workers });
});

test("the commands of docs/finding.md find what is said beside them", async () => {
  const [, commands = ""] = page("docs/finding.md").match(/## From a terminal\n\n```sh\n(.*?)```/s) ?? [];
  const options = { timeout: 30_000, env: { PATH: process.env.PATH, QUEEN_URL: queen.url } };
  const said: string[] = [];
  for (const command of commands.trimEnd().split("\n")) {
    const here = command.replace(/^pnpm -s hivectl/, `${process.execPath} ${FILE}`);
    said.push((await promisify(execFile)("bash", ["-euc", here], options)).stdout);
  }
  expect(said).toEqual([
    expect.stringMatching(/^gpu-01 +done +/m),
    expect.stringMatching(/^.*\ngpu-01 +online .*\n$/),
    "gpu-02\n",
    expect.stringMatching(/^env +1 +prod 1\nzone +1 +z1 1$/m),
    expect.stringMatching(/^gpu-01 +w1 +Idle +llama-3-8b /m),
  ]);
});

/** Each call of hivectl that stands as code on a page: its verb, and its flags. */
function callsOn(name: string) {
  return [...page(name).matchAll(/(?:pnpm -s |`)hivectl ([^`\n#|]*)/g)].map(([, call = ""]) => {
    const [verb = ""] = /^(?:[a-z][a-z-]*(?: |$))*/.exec(call) ?? [];
    return { call, verb: verb.trim(), flags: call.match(/(?<= )--?[a-z][a-z-]*/g) ?? [] };
  });
}

const PAGES = ["finding", "operations", "lifecycle", "security", "api"].map((name) => `docs/${name}.md`);

const CALLING_PAGES = ["README.md", "apps/hivectl/README.md", "docs/hivectl.md", "scripts/build/dist-readme.md"];

test.each(CALLING_PAGES.filter((name) => name !== "docs/hivectl.md"))(
  "the function of %s calls hivectl, whose hints call it so",
  (name) => {
    const [made = ""] = /^hivectl\(\) \{.*\}/m.exec(page(name)) ?? [];
    const here = made.replaceAll("/path/to/hive-catalog", ROOT).replace("/path/to/hivectl.js", FILE);
    const env = { PATH: process.env.PATH, XDG_CONFIG_HOME: "/nonexistent" };
    const said = execFileSync("bash", ["-c", `${here}; hivectl context use nope 2>&1 || true`], {
      encoding: "utf8",
      env,
    });
    expect(said).toBe("hivectl: there is no context nope; `hivectl context list` shows those that there are\n");
  },
);

/** What stands at a path such as `.hives[].hive.id`. */
const at = (value: unknown, path: string): unknown[] =>
  path
    .split(".")
    .slice(1)
    .reduce<unknown[]>(
      (all, step) => {
        const [, name = "", isList] = /^(\w+)(\[\])?$/.exec(step) ?? [];
        return all.flatMap((one) => (isList ? (one as never)[name] : [(one as never)[name]]));
      },
      [value],
    );

test.each(CALLING_PAGES)("what jq reads on %s is in what hivectl says", async (name) => {
  const calls = [...page(name).matchAll(/^ *hivectl (.*) \| jq -r '(\S+?)(?: \| values)?'$/gm)];
  expect(calls.length).toBeGreaterThan(0);
  for (const [line, call = "", path = ""] of calls) {
    const { stdout } = await hivectl(call.split(" "), { QUEEN_URL: queen.url });
    expect(at(JSON.parse(stdout), path), line).toContainEqual(expect.any(String));
  }
});

test.each([...PAGES, "README.md"])("what %s says of hivectl are verbs and flags that there are", async (name) => {
  for (const { call, verb, flags } of callsOn(name)) {
    const { stdout } = await hivectl([...verb.split(" "), "--help"]);
    expect(stdout, call).toMatch(new RegExp(`^Usage: hivectl ${verb}`));
    expect(
      flags.filter((flag) => !stdout.includes(`${flag} `) && !stdout.includes(`${flag},`)),
      call,
    ).toEqual([]);
  }
});

test("a hive that another program damaged is removed as docs/operations.md says", async () => {
  const client = new QueenClient({ url: queen.url });
  await client.addHive({ id: "damaged", host: "127.0.0.1", port: 8603 });
  const other = createClient({ url: `file:${queen.folder}/hives.db` });
  await other.execute("UPDATE hives SET port = 0 WHERE id = 'damaged'");
  other.close();
  await expect(client.getHive("damaged")).rejects.toMatchObject({ code: "CORRUPT_HIVE" });
  expect(await hivectl(["remove", "damaged", "-y"], { QUEEN_URL: queen.url })).toMatchObject({ code: 0 });
  await expect(client.getHive("damaged")).rejects.toMatchObject({ code: "HIVE_NOT_FOUND" });
});
