import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { answer, DEVICES_JSON, startHive } from "../hive-server.ts";
import { published } from "../published.ts";
import { HIVE_JSON } from "../test-queen.ts";
import { until } from "../until.ts";
import { detailOf, stepsOf } from "./operation.ts";
import { isRunning } from "./processes.ts";
import { SshSite } from "./ssh-site.ts";

test("an agent is installed over SSH, beats with a token of its own, and is stopped, started and restarted", async () => {
  await using site = await SshSite.start();
  const { queen, sshd, id } = site;
  const hive = async () => (await queen.request("GET", `/v1/hives/${id}`)).body as Record<string, unknown>;
  expect((await site.confirmHostKey()).status).toBe(200);

  const installed = await site.operate("install");
  expect(installed).toMatchObject({ state: "succeeded", problem: null });
  expect(installed.steps.map(({ state }) => state)).toEqual(installed.steps.map(() => "done"));
  expect(await hive()).toMatchObject({ status: "online", devices: { cpu: { cores: expect.any(Number) } } });
  await until("the agent beats", async () => {
    const { body } = await queen.request("GET", `/v1/hives/${id}/state`);
    return (body as { last_beat_age_ms: number | null }).last_beat_age_ms !== null;
  });

  const settings = await site.file("hive.env");
  expect(settings).toMatchObject({ mode: 0o600, uid: sshd.account.uid });
  const token = /^HIVE_TOKEN=(\S+)$/m.exec(settings.text)?.[1] ?? "";
  const [first] = await queen.catalog.tokens.list();
  expect(first).toMatchObject({ role: "hive", hiveId: id, revokedAtMs: null });
  expect(token).toContain(`hq_${first?.id}_`);
  expect(JSON.stringify([installed, queen.logLines])).not.toContain(token);

  const pid = await site.pid();
  const startedAgain = await site.operate("start");
  expect(stepsOf(startedAgain)).toEqual(["connect done", "look done", "start skipped", "health done", "devices done"]);
  expect(await site.pid()).toBe(pid);

  expect(await site.operate("stop")).toMatchObject({ state: "succeeded", problem: null });
  expect(isRunning(pid)).toBe(false);
  expect(await hive()).toMatchObject({ status: "offline" });
  expect(detailOf(await site.operate("stop"), "stop")).toBe("not running");

  expect(await site.operate("start")).toMatchObject({ state: "succeeded", problem: null });
  const second = await site.pid();
  expect(await site.operate("restart")).toMatchObject({ state: "succeeded", problem: null });
  expect(isRunning(second)).toBe(false);

  expect(await queen.request("DELETE", `/v1/hives/${id}`)).toMatchObject({
    status: 409,
    body: { code: "HIVE_RUNNING" },
  });
  expect(await hive()).toMatchObject({ id });
  await sshd.stop();
  expect(await site.operate("stop")).toMatchObject({ state: "failed" });
  expect(await queen.request("DELETE", `/v1/hives/${id}`)).toMatchObject({ status: 409 });
  expect(await queen.request("DELETE", `/v1/hives/${id}?force=true`)).toMatchObject({ status: 204 });
  // A hive that only has the id of the one before.
  queen.clock.advance(1);
  expect(await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id })).toMatchObject({ status: 201 });
  expect(await queen.request("DELETE", `/v1/hives/${id}`)).toMatchObject({ status: 204 });
  expect(await queen.request("DELETE", `/v1/hives/${id}`)).toMatchObject({ status: 404 });

  await expect.poll(() => filesOfConnections(sshd.port)).toEqual([]);

  const told = published(queen).filter(([, data]) => data.id === installed.id);
  const steps = installed.steps.map(({ name }) => ["operation_step", name]);
  expect(told.map(([type, { state, step }]) => [type, state ?? step])).toEqual([
    ["operation", "running"],
    ...steps,
    ["operation", "succeeded"],
  ]);
}, 120_000);

/** What connections to that sshd have in the folder for what is temporary. */
async function filesOfConnections(port: number): Promise<string[]> {
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith("queen-ssh-"));
  const read = (folder: string) => readFile(join(tmpdir(), folder, "known_hosts"), "utf8").catch(() => "");
  return (await Promise.all(folders.map(read))).filter((text) => text.includes(`[127.0.0.1]:${port} `));
}

test("what somebody added to the settings of an agent on its host stays when it is installed again, in whatever encoding; a file with a token gives way to the new one", async () => {
  await using site = await SshSite.start({ shell: "/bin/bash" });
  await site.confirmHostKey();
  expect(await site.operate("install")).toMatchObject({ state: "succeeded" });
  const before = await site.file("hive.env");
  const settings = join(site.sshd.home, ".hive", site.id, "hive.env");
  await writeFile(join(site.sshd.home, ".bashrc"), "export LC_ALL=C.UTF-8");
  const added = ["# gr\u00fcn", "# Podman has no docker-proxy", "HIVE_WORKERS=openai=http://127.0.0.1:9"];
  await appendFile(settings, Buffer.from([...added, "HIVE_TOKEN_FILE=/nowhere"].join("\n"), "latin1"));
  const again = await site.operate("install");
  expect(again).toMatchObject({ state: "succeeded", problem: null });
  expect(detailOf(again, "settings")).toContain("keeps 3 lines that were added there");
  expect(await site.file("hive.env")).toMatchObject({ mode: 0o600, uid: before.uid });
  const text = await readFile(settings, "latin1");
  const ownLines = (settings: string) => settings.replace(/hq_\S+/, "").split("\n");
  expect(ownLines(text)).toEqual([...added, ...ownLines(before.text)]);
  expect(text).not.toContain(/hq_\S+/.exec(before.text)?.[0]);
}, 120_000);

test("a hive that answers already, on a host on which no agent is installed, is not called missing", async () => {
  await using site = await SshSite.start();
  const { queen, id } = site;
  await site.confirmHostKey();
  const routes = {
    "/health": answer(200, JSON.stringify({ id })),
    "/v1/devices": answer(200, JSON.stringify(DEVICES_JSON)),
  };
  await queen.request("PATCH", `/v1/hives/${id}`, { port: (await startHive(routes)).port });
  const started = await site.operate("start");
  expect(stepsOf(started)).toEqual(["connect done", "look done", "start skipped", "health done", "devices done"]);
  expect(detailOf(started, "look")).toBe("a hive of this id answers already, which this queen did not start");
}, 120_000);

test("an unknown host key needs an operator, and a changed one is refused with both fingerprints", async () => {
  await using site = await SshSite.start();
  const { queen, sshd, id } = site;
  const path = `/v1/hives/${id}/ssh-host-key`;
  const [known, other] = [sshd.fingerprint("host_key"), sshd.fingerprint("other_host_key")];

  const unknown = await site.operate("start");
  expect(unknown.state).toBe("failed");
  expect(unknown.problem).toContain(`It offers ssh-ed25519 ${known}`);
  expect(unknown.problem).toContain(`\`hivectl host-key confirm ${id}\``);
  expect(unknown.problem).toContain("[HOST_KEY_UNKNOWN]; next: compare the fingerprint");
  expect((await queen.request("POST", `${path}/scan`)).body).toMatchObject({
    pinned: [],
    offered: [{ fingerprint: known }],
    problem: null,
  });
  expect((await queen.request("GET", path)).body).toEqual({ ssh_host: "127.0.0.1", ssh_port: sshd.port, pinned: [] });

  const wrong = await site.confirmHostKey("other_host_key");
  expect(wrong).toMatchObject({
    status: 409,
    body: { code: "HOST_KEY_MISMATCH", detail: expect.stringContaining(known) },
  });
  expect(await queen.request("POST", path, { fingerprint: "SHA256:x" })).toMatchObject({ status: 400 });
  expect(await site.confirmHostKey()).toMatchObject({ status: 200, body: { fingerprint: known } });
  expect((await queen.request("GET", path)).body).toMatchObject({ pinned: [{ fingerprint: known }] });
  expect(await site.operate("start")).toMatchObject({ problem: expect.stringContaining("is not installed") });

  await sshd.run("other_host_key");
  const changed = await site.operate("start");
  expect(changed.state).toBe("failed");
  expect(changed.problem).toMatch(/^connect: the host key of \S+ has changed/);
  expect(changed.problem).toContain(known);
  expect(changed.problem).toContain(other);
  expect(changed.problem).toContain("[HOST_KEY_CHANGED]; next: if the host was set up anew, and only then, forget");
  const refused = await site.confirmHostKey("other_host_key");
  expect(refused).toMatchObject({ status: 409, body: { code: "HOST_KEY_CHANGED" } });
  expect(refused.body).toMatchObject({ detail: expect.stringContaining(known) });

  expect((await queen.request("DELETE", path)).status).toBe(204);
  expect((await queen.request("DELETE", path)).status).toBe(404);
  expect((await site.confirmHostKey("other_host_key")).status).toBe(200);
  expect(await site.operate("start")).toMatchObject({ problem: expect.stringContaining("is not installed") });

  // The key is that of the name, the connection goes to an address.
  await queen.request("PATCH", `/v1/hives/${id}`, { ssh_host: "localhost" });
  expect((await site.confirmHostKey("other_host_key")).status).toBe(200);
  expect(await site.operate("start")).toMatchObject({ problem: expect.stringContaining("is not installed") });
}, 120_000);

test("a known_hosts file vouches for a host too, and a key that is changed or revoked is refused all the same", async () => {
  await using site = await SshSite.start({ knownHosts: ({ folder }) => join(folder, "known_hosts") });
  const { sshd } = site;
  expect(await site.operate("start")).toMatchObject({ problem: expect.stringContaining("is not known") });
  const { offered } = (await site.queen.request("POST", `/v1/hives/${site.id}/ssh-host-key/scan`)).body as {
    offered: { key_type: string }[];
  };
  expect(offered).toHaveLength(1);
  await appendFile(join(sshd.folder, "known_hosts"), `[127.0.0.1]:${sshd.port} ${await sshd.publicKey("host_key")}\n`);
  expect(await site.operate("start")).toMatchObject({ problem: expect.stringContaining("is not installed") });
  await sshd.run("other_host_key");
  const changed = await site.operate("start");
  for (const key of ["host_key", "other_host_key"] as const) expect(changed.problem).toContain(sshd.fingerprint(key));
  await appendFile(join(sshd.folder, "known_hosts"), `@revoked * ${await sshd.publicKey("other_host_key")}\n`);
  expect(await site.operate("start")).toMatchObject({
    problem: expect.stringMatching(
      / is revoked in \S+\/known_hosts, .* \[HOST_KEY_REVOKED\]; next: make a new host key/,
    ),
  });
}, 120_000);
