import { Command } from "commander";
import { expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { oneOf, Settings, type Values, wholeNumber } from "./index.ts";

const settings = new Settings("BAKERY", {
  oven: { placeholder: "name", help: "which oven", schema: oneOf(["left", "right"]).default("left") },
  bakingTimeMs: {
    placeholder: "ms",
    help: "how long",
    schema: wholeNumber(1, 1000, "a whole number of ms").default(5),
  },
  url: {
    placeholder: "url",
    help: "where flour comes from",
    schema: z.url("must be a URL").optional(),
    defaultHelp: "the mill",
  },
  note: { placeholder: "text", help: "on the paper", schema: z.string().default("") },
  millToken: { secret: "token", help: "opens the mill", schema: z.string().min(8, "must be longer").optional() },
});

const readCommandLine = (argv: string[], env = {}) => settings.readCommandLine(new Command("bakery"), { argv, env });

test("are what flags and variables say, a flag before its variable, and have defaults and types", () => {
  expect(settings.defaults).toEqual({ oven: "left", bakingTimeMs: 5, url: undefined, note: "", millToken: undefined });
  const env = { BAKERY_OVEN: "right", BAKERY_BAKING_TIME_MS: "7", BAKERY_MILL_TOKEN: "opensesame" };
  const values = { oven: "right", bakingTimeMs: 9, url: undefined, note: "", millToken: "opensesame" };
  expect(readCommandLine(["--", "--baking-time-ms", "9"], env)).toEqual({ values, warnings: [] });
  expect(readCommandLine(["--baking-time-ms=9"], env)).toEqual({ values, warnings: [] });
  expectTypeOf<Values<typeof settings>>().toEqualTypeOf<{
    readonly oven: "left" | "right";
    readonly bakingTimeMs: number;
    readonly url: string | undefined;
    readonly note: string;
    readonly millToken: string | undefined;
  }>();
});

test("the help says of each its flag, its variable and its default", () => {
  const command = new Command("bakery").version("1.2.3").addHelpText("after", settings.environmentHelp);
  expect(settings.readCommandLine(command, { argv: ["--oven", "none", "--help"], env: {} })).toEqual({
    print: `Usage: bakery [options]

Options:
  -V, --version          output the version number
  --oven <name>          which oven (BAKERY_OVEN; default: left)
  --baking-time-ms <ms>  how long (BAKERY_BAKING_TIME_MS; default: 5)
  --url <url>            where flour comes from (BAKERY_URL; default: the mill)
  --note <text>          on the paper (BAKERY_NOTE; default: none)
  -h, --help             show this help

Environment:
  A flag wins over its variable, which stands beside it.
  BAKERY_MILL_TOKEN  opens the mill; it has no flag, so that it is in no process list

`,
  });
});

test("the variables can be listed with their help and default", () => {
  expect(settings.variables.slice(2)).toEqual([
    { variable: "BAKERY_URL", help: "where flour comes from", default: "the mill" },
    { variable: "BAKERY_NOTE", help: "on the paper", default: "none" },
    { variable: "BAKERY_MILL_TOKEN", help: "opens the mill", default: undefined },
  ]);
});

test("the version is printed when it is asked for", () => {
  const command = new Command("bakery").version("1.2.3");
  expect(settings.readCommandLine(command, { argv: ["-V"], env: {} })).toEqual({ print: "1.2.3\n" });
});

test("all problems are told at once, each with the flag, the variable, the rule and what arrived", () => {
  const argv = ["dough", "--oven", "cold", "--url", "//me:pw@mill", "--bkaing-time-ms", "5"];
  expect(readCommandLine(argv, { BAKERY_BAKING_TIME_MS: "0", BAKERY_NOTE: "" })).toEqual({
    problems: [
      "unknown option '--bkaing-time-ms'; --help shows what there is",
      "unknown argument 'dough'; --help shows what there is",
      '--oven (BAKERY_OVEN) must be one of left, right; got "cold"',
      '--baking-time-ms (BAKERY_BAKING_TIME_MS) must be a whole number of ms, from 1 to 1000; got "0"',
      '--url (BAKERY_URL) must be a URL; got "***@mill"',
      '--note (BAKERY_NOTE) must not be empty: leave it out for the default; got ""',
    ],
  });
  expect(readCommandLine([], { BAKERY_MILL_TOKEN: "" })).toEqual({ problems: ["BAKERY_MILL_TOKEN must be longer"] });
  expect(readCommandLine(["--note", ""], { BAKERY_NOTE: "thanks" })).toEqual({
    problems: ['--note (BAKERY_NOTE) must not be empty: leave it out for the default; got ""'],
  });
  expect(readCommandLine(["--oven"], { BAKERY_URL: "mill" })).toEqual({
    problems: [
      "option '--oven <name>' argument missing; --help shows what there is",
      '--url (BAKERY_URL) must be a URL; got "mill"',
    ],
  });
});

test.each([
  ["//me:pw@mill", "***@mill"],
  ["//mill/v1?key=hunter2&a=b", "//mill/v1?***"],
  ["mill/#hunter2", "mill/#***"],
  ["a=//me:pw@mill?key=hunter2", "***@mill?***"],
  ["mill?", "mill?"],
])("of a wrong value that may be a url with a secret, %s, that is not told", (written, told) => {
  expect(readCommandLine(["--url", written], {})).toEqual({
    problems: [`--url (BAKERY_URL) must be a URL; got "${told}"`],
  });
});

test("a variable that is no setting is said with the nearest that is one, and without its value", () => {
  const env = {
    BAKERY_OVNE: "right",
    BAKERY_NOTES: "hunter2",
    BAKERY_: "",
    BAKERYS_OVEN: "x",
    OVEN: "x",
    BAKERY_X: undefined,
  };
  const warnings = [
    "BAKERY_OVNE is no setting, and changes nothing: the nearest that is one is BAKERY_OVEN",
    "BAKERY_NOTES is no setting, and changes nothing: the nearest that is one is BAKERY_NOTE",
    expect.stringMatching(/^BAKERY_ is no setting/),
  ];
  expect(readCommandLine([], env)).toEqual({ values: settings.defaults, warnings });
  expect(readCommandLine(["--baking-time-ms", "0"], env)).toEqual({
    problems: [expect.stringContaining("--baking-time-ms"), ...warnings],
  });
});

test("what Kubernetes tells of a Service that is called as the program is no setting, and no mistake", () => {
  const port = { placeholder: "number", help: "of the shop", schema: wholeNumber(0, 65_535).default(80) };
  const shop = new Settings("BAKERY", { port });
  const links = {
    BAKERY_SERVICE_HOST: "10.0.0.1",
    BAKERY_SERVICE_PORT: "80",
    BAKERY_SERVICE_PORT_WEB: "80",
    BAKERY_PORT: "tcp://10.0.0.1:80",
    BAKERY_PORT_80_TCP: "tcp://10.0.0.1:80",
    BAKERY_PORT_80_TCP_PROTO: "tcp",
    BAKERY_PORT_80_TCP_PORT: "80",
    BAKERY_PORT_80_TCP_ADDR: "10.0.0.1",
    BAKERY_CAKES_SERVICE_HOST: "10.0.0.2",
    BAKERY_CAKES_PORT: "udp://10.0.0.2:80",
  };
  expect(shop.read({ env: links })).toEqual({ values: { port: 80 }, warnings: [] });
  expect(shop.read({ env: { ...links, BAKERY_PORT: "81" } })).toEqual({ values: { port: 81 }, warnings: [] });
  for (const mistakes of [{ BAKERY_PORT: "tcp://10.0.0.1:80" }, { ...links, BAKERY_PORT: "http://10.0.0.1:80" }]) {
    expect(shop.read({ env: mistakes })).toMatchObject({ problems: [expect.any(String)] });
  }
});

test("a variable of another program with the same prefix is no mistake", () => {
  const note = { placeholder: "text", help: "on the paper", schema: z.string().default("") };
  const own = new Settings("BAKERY", { note }, { otherVariables: ["BAKERY_SHOP_TOKEN"] });
  expect(own.read({ env: { BAKERY_SHOP_TOKEN: "x" } })).toMatchObject({ warnings: [] });
  expect(own.read({ env: { BAKERY_SHOPTOKEN: "x" } })).toMatchObject({
    warnings: [expect.stringContaining("BAKERY_SHOP_TOKEN")],
  });
});

test.each([
  [["--mill-token", "hunter2"]],
  [["--mill-token=hunter2"]],
  [["--mil-token", "hunter2"]],
  [["me:hunter2@mill"]],
])("no message shows a secret: %j", (argv) => {
  const reading = readCommandLine(argv, { BAKERY_MILL_TOKEN: "hunter2" });
  expect(reading).toEqual({ problems: [expect.any(String), "BAKERY_MILL_TOKEN must be longer"] });
  expect(JSON.stringify(reading)).not.toContain("hunter2");
});

test("a secret as a flag is refused with where it belongs", () => {
  expect(readCommandLine(["--mill-token", "x"])).toEqual({
    problems: ["--mill-token is not a flag, so that the token is in no process list: set BAKERY_MILL_TOKEN"],
  });
});

test("a setting without a default must be given", () => {
  const name = { placeholder: "name", help: "of the baker", schema: z.string() };
  const strict = new Settings("BAKERY", { name });
  expect(strict.read({ env: {} })).toEqual({ problems: ["--name (BAKERY_NAME) is missing"] });
  expect(strict.addTo(new Command("bakery")).helpInformation()).toContain("of the baker (BAKERY_NAME)\n");
});

test("what several make together replaces them, and its problems come with theirs", () => {
  const combine = ({ oven, bakingTimeMs = 0 }: Partial<Values<typeof settings>>, problems: string[]) => {
    if (oven === "right" && bakingTimeMs > 500) problems.push("the right oven is too hot for that");
    return { oven: `the ${oven} oven` };
  };
  expect(settings.read({ env: {}, combine })).toMatchObject({ values: { oven: "the left oven", bakingTimeMs: 5 } });
  const flags = { oven: "right", bakingTimeMs: "501", url: "mill" };
  expect(settings.read({ flags, env: {}, combine })).toEqual({
    problems: ['--url (BAKERY_URL) must be a URL; got "mill"', "the right oven is too hot for that"],
  });
});

test("a command with commands of its own has them too", async () => {
  const read: unknown[] = [];
  const bakery = settings.addTo(new Command("bakery"));
  bakery.command("open").action((_flags, command: Command) => {
    read.push(settings.read({ flags: command.optsWithGlobals(), env: { BAKERY_NOTE: "open" } }));
  });
  await bakery.parseAsync(["open", "--oven", "right"], { from: "user" });
  expect(read).toEqual([{ warnings: [], values: expect.objectContaining({ oven: "right", note: "open" }) }]);
});

test("a program may word defaults and refusals in its own way, and take what is empty", () => {
  const wording = { default: "else ", given: ", not ", empty: undefined };
  const note = { placeholder: "text", help: "on the paper", schema: z.string().max(1, "must be short").default("") };
  const own = new Settings("BAKERY", { note }, wording);
  expect(own.addTo(new Command("bakery")).helpInformation()).toContain("on the paper (BAKERY_NOTE; else none)\n");
  expect(own.read({ env: { BAKERY_NOTE: "" } })).toEqual({ values: { note: "" }, warnings: [] });
  expect(own.read({ env: { BAKERY_NOTE: "ab" } })).toEqual({
    problems: ['--note (BAKERY_NOTE) must be short, not "ab"'],
  });
});
