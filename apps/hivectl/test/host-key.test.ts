import { QueenClient } from "@repo/queen-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Sshd } from "../../queen/test/lifecycle/sshd.ts";
import { hivectl, inTerminal } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();
let sshd: Sshd;

beforeAll(async () => {
  sshd = await Sshd.start();
  const client = new QueenClient({ url: queen.url });
  const hive = { host: "127.0.0.1", port: 1, ssh_host: "127.0.0.1", ssh_user: "hive" };
  await client.addHive({ ...hive, id: "gpu-01", ssh_port: sshd.port });
  await client.addHive({ ...hive, id: "gone", ssh_port: 1 });
});
afterAll(() => sshd[Symbol.asyncDispose]());

const run = (...args: string[]) => hivectl(["host-key", ...args], { QUEEN_URL: queen.url });
const type = (keys: string, ...args: string[]) =>
  inTerminal(["host-key", ...args], { QUEEN_URL: queen.url }, { columns: 120 }, keys);
const lineOf = (state: string) =>
  new RegExp(`^${state} +ssh-ed25519 +${sshd.fingerprint("host_key").replaceAll("+", "\\+")}`, "m");

test("scan asks the host, and show says what is confirmed: nothing at first", async () => {
  expect(await run("scan", "gpu-01")).toMatchObject({ code: 0, stdout: expect.stringMatching(lineOf("offered")) });
  expect(await run("show", "gpu-01")).toEqual({
    code: 0,
    stdout: "",
    stderr: expect.stringContaining("`hivectl host-key confirm gpu-01`"),
  });
  expect(await run("scan", "gone")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/127\.0\.0\.1:1 offers none/),
  });
});

test("an operation on a host whose key is not confirmed names the command that confirms it", async () => {
  const { code, stdout } = await hivectl(["start", "gpu-01"], { QUEEN_URL: queen.url });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^gpu-01 +failed +connect: .*HOST_KEY_UNKNOWN.*`hivectl host-key confirm gpu-01`$/m);
  expect(stdout).not.toContain("/v1/");
});

test("confirm takes no answer but the fingerprint, and no yes in its place", async () => {
  expect(await run("confirm", "gpu-01", "-y")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--fingerprint"),
  });
  for (const typed of ["\n", "y\n", "yes\n"]) {
    const { code, stdout } = await type(typed, "confirm", "gpu-01", "-y");
    expect(code).not.toBe(0);
    // The fingerprint comes from the host itself, and is not there to be copied.
    expect(stdout).not.toContain(sshd.fingerprint("host_key"));
  }
  const other = await run("confirm", "gpu-01", "--fingerprint", sshd.fingerprint("other_host_key"));
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining("HOST_KEY_MISMATCH") });
  expect((await run("show", "gpu-01")).stdout).toBe("");
  const typed = await type(`${sshd.fingerprint("host_key")}\n`, "confirm", "gpu-01");
  expect(typed).toMatchObject({ code: 0, stdout: expect.stringMatching(lineOf("confirmed")) });
  const { stdout } = await run("show", "gpu-01", "-o", "json");
  expect(JSON.parse(stdout)).toMatchObject({ pinned: [{ fingerprint: sshd.fingerprint("host_key") }] });
});

test("forget asks first, and then the key is confirmed no more", async () => {
  await run("confirm", "gpu-01", "--fingerprint", sshd.fingerprint("host_key"));
  expect((await run("show", "gpu-01")).stdout).toMatch(lineOf("confirmed"));
  expect(await run("forget", "gpu-01")).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
  expect(await type("\n", "forget", "gpu-01")).toMatchObject({ code: 1 });
  expect(await run("forget", "gpu-01", "-y")).toMatchObject({ code: 0 });
  expect((await run("show", "gpu-01")).stdout).toBe("");
  expect(await run("show", "none")).toMatchObject({ code: 1, stderr: expect.stringContaining("HIVE_NOT_FOUND") });
});

test.each([60, 80, 200])(
  "in %i columns each line fits, and every fingerprint is whole on its line",
  async (columns) => {
    const key = sshd.fingerprint("host_key");
    for (const env of [{ NO_COLOR: "1" }, {}]) {
      const see = async (keys: string, ...args: string[]) =>
        (await inTerminal(["host-key", ...args], { QUEEN_URL: queen.url, ...env }, { columns }, keys)).stdout;
      const [asked = "", confirmed = ""] = (await see(`${key}\n`, "confirm", "gpu-01")).split(
        /[^\n]*Fingerprint: [^\n]*\n/,
      );
      const told = [asked, confirmed, await see("", "show", "gpu-01"), await see("", "scan", "gpu-01")].join("");
      const lines = told.split("\n");
      expect(lines.filter((line) => line.length > columns || line.includes("\x1b"))).toEqual([]);
      expect(confirmed).toContain("confirmed");
      // Typed, confirmed, shown, and offered beside what is confirmed.
      expect(lines.filter((line) => line.includes(key)).length).toBe(5);
    }
  },
);
