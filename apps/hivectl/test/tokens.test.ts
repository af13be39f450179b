import { expect, test } from "vitest";
import { hivectl, hivectlProcess, inTerminal } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();
const tokens: Record<string, string> = {};

const as = (role: string | undefined, ...args: string[]) =>
  hivectl(args, { QUEEN_URL: queen.url, ...(role !== undefined && { QUEEN_TOKEN: tokens[role] }) });
const made = async () => JSON.parse((await as("operator", "token", "list", "--json")).stdout).tokens;

test("token create prints the secret alone, and on stderr what to do with it", async () => {
  const first = await as(undefined, "token", "create", "--name", "me", "--role", "operator");
  expect(first).toEqual({ code: 0, stdout: expect.stringMatching(/^hq_\S+\n$/), stderr: expect.any(String) });
  expect(first.stderr).toMatch(/it is not shown again\n.*`hivectl login`.*\n.*from now on every caller needs one/);
  tokens.operator = first.stdout.trim();
  const reader = await as(
    "operator",
    "token",
    "create",
    "--name",
    "guest",
    "--role",
    "reader",
    "--expires-in-days",
    "7",
  );
  tokens.reader = reader.stdout.trim();
  expect(reader.stderr).not.toContain("from now on");
  await as("operator", "add", "gpu-01", "--host", "h");
  const hive = await as(
    "operator",
    "token",
    "create",
    "--name",
    "gpu-01",
    "--role",
    "hive",
    "--hive",
    "gpu-01",
    "--json",
  );
  expect(JSON.parse(hive.stdout)).toMatchObject({ role: "hive", hive_id: "gpu-01", token: expect.any(String) });
  expect(hive.stderr).toContain("HIVE_TOKEN_FILE");
  for (const args of [
    ["--name", "x"],
    ["--role", "reader"],
    ["--name", "x", "--role", "hive"],
    ["--name", "x", "--role", "reader", "--hive", "gpu-01"],
    ["--name", "x", "--role", "reader", "--expires-in-days", "0"],
  ]) {
    expect(await as("operator", "token", "create", ...args)).toMatchObject({ code: 2, stdout: "" });
  }
});

test("token list shows whose they are, and no secret", async () => {
  const { stdout } = await as("operator", "token", "list");
  expect(stdout).toMatch(/^ID +NAME +ROLE +HIVE +MADE +USED +EXPIRES +REVOKED\n/);
  expect(stdout).toMatch(/^\w+ +guest +reader +- +2\S+ +\S+ +2\S+ +-$/m);
  const env = { QUEEN_URL: queen.url, QUEEN_TOKEN: tokens.operator, NO_COLOR: "1" };
  const narrow = await inTerminal(["token", "list"], env, { columns: 60 });
  expect(narrow.stdout).toMatch(/^ID +NAME +ROLE +HIVE +MADE +REVOKED\n/);
  expect((await made()).map(({ name }: { name: string }) => name).toSorted()).toEqual(["gpu-01", "guest", "me"]);
  const guest = (await made()).find(({ name }: { name: string }) => name === "guest");
  expect(Math.round((guest.expires_at_ms - guest.created_at_ms) / 86_400_000)).toBe(7);
  for (const secret of Object.values(tokens)) expect(stdout).not.toContain(secret);
});

const READS = [
  "status",
  "top",
  ...["hives", "workers", "models", "operations", "events", "labels", "cordons"].map((what) => `get ${what}`),
];
const CHANGES = [
  "add x --host h",
  "set gpu-01 --port 2",
  "label gpu-01 a=b -y",
  "cordon gpu-01 --reason x -y",
  "uncordon gpu-01 -y",
  "remove gpu-01 -y",
  "token list",
  "token create --name x --role reader",
  "token revoke 0123456789abcdef -y",
];

test("without a token no verb comes in; a reader may read, and is told that it takes an operator to change", async () => {
  const refused = (verb: string) => as(undefined, ...verb.split(" "));
  for (const verb of [...READS, ...CHANGES]) {
    expect(await refused(verb), verb).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^hivectl: UNAUTHENTICATED: .*\nhivectl: log in with `hivectl login`/),
    });
  }
  for (const verb of READS) expect(await as("reader", ...verb.split(" ")), verb).toMatchObject({ code: 0 });
  for (const verb of CHANGES) {
    expect(await as("reader", ...verb.split(" ")), verb).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^hivectl: FORBIDDEN: .* one of: operator; the token \w+ is that of .* reader\n$/),
    });
  }
});

test("the token of a hive is told by whose tokens lists are read, once", async () => {
  const made = await as("operator", "token", "create", "--name", "h", "--role", "hive", "--hive", "gpu-01");
  tokens.hive = made.stdout.trim();
  expect(await as("hive", "get", "hives")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^hivectl: FORBIDDEN: .* one of: reader, operator; .* the role hive\n$/),
  });
});

test("a token that is named twice is revoked once", async () => {
  const spare = ["--name", "spare", "--role", "reader", "--json"];
  const { id } = JSON.parse((await as("operator", "token", "create", ...spare)).stdout);
  expect(await as("operator", "token", "revoke", id, id, "-y", "-o", "name")).toMatchObject({
    code: 0,
    stdout: `${id}\n`,
  });
});

test("token revoke asks with what is known of it, and the last one of an operator stays", async () => {
  const all: { id: string; name: string }[] = await made();
  const idOf = (name: string) => all.find((one) => one.name === name)?.id ?? "";
  const env = { QUEEN_URL: queen.url, QUEEN_TOKEN: tokens.operator };
  const asked = await inTerminal(["token", "revoke", idOf("guest")], env, { columns: 100 }, "n\n");
  expect(asked).toMatchObject({ code: 1, stdout: expect.stringContaining("(guest, reader)? [y/N]") });
  const { code, stdout, stderr } = await as("operator", "token", "revoke", "-y", idOf("guest"), idOf("me"), "nope");
  expect({ code, stdout }).toEqual({
    code: 3,
    stdout: expect.stringMatching(new RegExp(`\n${idOf("guest")} +revoked\n$`)),
  });
  expect(stderr).toMatch(/LAST_OPERATOR: .*\nhivectl: make another one of an operator first/);
  expect(stderr).toMatch(/nope: TOKEN_NOT_FOUND: .*\nhivectl: `hivectl token list`/);
  expect(await as("reader", "get", "hives")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("`hivectl login`"),
  });
  expect(await as("operator", "token", "revoke", "x")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--yes"),
  });
});

test("an answer without a body holds up no end", async () => {
  const { id } = JSON.parse(
    (await as("operator", "token", "create", "--name", "short", "--role", "reader", "--json")).stdout,
  );
  const env = { QUEEN_URL: queen.url, QUEEN_TOKEN: tokens.operator };
  expect(await hivectlProcess(["token", "revoke", id, "-y", "-o", "name"], env)).toMatchObject({
    code: 0,
    stdout: `${id}\n`,
  });
});
