import { appendFile, chmod, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { detailOf } from "./operation.ts";
import { SshSite } from "./ssh-site.ts";

const GREETING = `echo "Welcome! v18.0.0"\n`;

test.each([
  ["bash", ".bashrc"],
  ["tcsh", ".tcshrc"],
])(
  "an agent is installed and stopped where the login shell is %s, and prints before everything, and goes elsewhere",
  async (shell, file) => {
    await using site = await SshSite.start({ shell: `/usr/bin/${shell}` });
    await writeFile(join(site.sshd.home, file), GREETING);
    await site.confirmHostKey();
    const installed = await site.operate("install");
    expect(installed).toMatchObject({ state: "succeeded", problem: null });
    expect(detailOf(installed, "check_node")).toBe(`node ${process.versions.node}`);
    expect(installed.output_tail).toMatch(/^Welcome! v18\.0\.0\nLinux \S+\n/);
    // The agent is in the home of its user, wherever such a file goes.
    await appendFile(join(site.sshd.home, file), "cd /tmp\n");
    const stopped = await site.operate("stop");
    expect(stopped).toMatchObject({ state: "succeeded", problem: null });
    expect(detailOf(stopped, "stop")).toMatch(/^stopped/);
  },
  120_000,
);

test("a login shell that runs nothing is told with the beginning of what it printed", async () => {
  await using folder = await temporaryFolder();
  await chmod(folder.path, 0o755);
  const shell = join(folder.path, "menu");
  await writeFile(shell, `#!/bin/sh\nprintf '\\033[1mMain menu\\n1) quit\\n'\n`, { mode: 0o755 });
  await using site = await SshSite.start({ shell });
  await site.confirmHostKey();
  const operation = await site.operate("start");
  expect(operation.state).toBe("failed");
  expect(operation.problem).toMatch(
    /^connect: the login shell on \S+ did not run what it was given, or read its input; it printed "\\u001b\[1mMain menu\\n1\) quit"/,
  );
}, 120_000);

describe("where a file of the login shell", () => {
  let site: SshSite;
  beforeAll(async () => {
    site = await SshSite.start({ shell: "/usr/bin/bash" });
    await site.confirmHostKey();
  }, 120_000);
  afterAll(() => site[Symbol.asyncDispose]());

  test.each([
    ["ends", "echo Closed until Monday >&2; exit 1", '"Closed until Monday"'],
    ["asks", "read -p Project: project", "nothing"],
    ["reads everything", "echo Logged; cat > /dev/null", '"Logged"'],
  ])(
    "%s, nothing is begun, and it is told",
    async (_what, text, printed) => {
      await writeFile(join(site.sshd.home, ".bashrc"), `${text}\n`);
      const { state, problem } = await site.operate("install");
      expect({ state, problem }).toEqual({
        state: "failed",
        problem: expect.stringMatching(
          new RegExp(`^connect: .* it printed ${printed} \\[LOGIN_SHELL_RUNS_NOTHING\\]; next: give ssh_user`),
        ),
      });
    },
    120_000,
  );
});

test("a program in place of the login shell that sends back its input runs nothing, and is told so", async () => {
  await using site = await SshSite.start({ forced: "exec cat" });
  await site.confirmHostKey();
  expect(await site.operate("stop")).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/^connect: .*\[LOGIN_SHELL_RUNS_NOTHING\]; next: give ssh_user/),
  });
}, 120_000);

test("nothing is looked for, or done, beside a home that is not there", async () => {
  await using site = await SshSite.start();
  await site.confirmHostKey();
  await rename(site.sshd.home, `${site.sshd.home}.away`);
  for (const kind of ["start", "stop", "install"]) {
    expect(await site.operate(kind)).toMatchObject({
      state: "failed",
      problem: expect.stringMatching(
        /^connect: .* can't cd to \S+\/home \[COMMAND_FAILED\]; next: look at output_tail/,
      ),
    });
  }
}, 120_000);
