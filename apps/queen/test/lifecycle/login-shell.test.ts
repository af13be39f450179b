import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { detailOf } from "./operation.ts";
import { SshSite } from "./ssh-site.ts";

const GREETING = `echo "Welcome! v18.0.0"\n`;

test.each([
  ["bash", ".bashrc"],
  ["tcsh", ".tcshrc"],
])(
  "an agent is installed and stopped where the login shell is %s, and prints before everything",
  async (shell, file) => {
    await using site = await SshSite.start({ shell: `/usr/bin/${shell}` });
    await writeFile(join(site.sshd.home, file), GREETING);
    await site.confirmHostKey();
    const installed = await site.operate("install");
    expect(installed).toMatchObject({ state: "succeeded", problem: null });
    expect(detailOf(installed, "check_node")).toBe(`node ${process.versions.node}`);
    expect(installed.output_tail).toMatch(/^Welcome! v18\.0\.0\nLinux \S+\n/);
    expect(await site.operate("stop")).toMatchObject({ state: "succeeded", problem: null });
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
    /^connect: the login shell on \S+ did not run what it was given; it printed "\\u001b\[1mMain menu\\n1\) quit"/,
  );
}, 120_000);
