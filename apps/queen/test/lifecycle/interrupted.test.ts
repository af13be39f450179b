import { createClient } from "@libsql/client";
import { QUEEN_GONE_AFTER_MS } from "@repo/hive-catalog";
import { expect, test } from "vitest";
import { Fleet } from "../e2e/fleet.ts";
import { until } from "../until.ts";
import { commandsBegun, FAULTY, setFault } from "./fault.ts";
import { begin, ended, operate, stepsOf } from "./operation.ts";
import { unusedPort } from "./port.ts";
import { Sshd } from "./sshd.ts";

test("a queen that is killed in the middle of an installation says after her next start how it ended", async () => {
  await using sshd = await Sshd.start({ forced: FAULTY });
  await using fleet = await Fleet.create();
  const port = await unusedPort();
  const startQueen = () =>
    fleet.startQueen({
      QUEEN_PORT: String(port),
      QUEEN_PUBLIC_URL: `http://127.0.0.1:${port}`,
      QUEEN_SSH_IDENTITY: sshd.identity,
    });
  const request = fleet.request.bind(fleet);
  const queen = await startQueen();
  const ssh = { ssh_host: "127.0.0.1", ssh_port: sshd.port, ssh_user: sshd.account.name };
  await fleet.request("POST", "/v1/hives", { id: "gpu-01", host: "127.0.0.1", port: await unusedPort(), ...ssh });
  await fleet.request("POST", "/v1/hives/gpu-01/ssh-host-key", { fingerprint: sshd.fingerprint("host_key") });

  await setFault(sshd, 3, "stall");
  const { id } = await begin(request, "install", "gpu-01");
  await until("it asks from the host for the queen", async () => (await commandsBegun(sshd)) === 3);
  await queen.kill("SIGKILL");
  // As much later as it takes until she counts as gone.
  const sqlite = createClient({ url: `file:${fleet.file}` });
  await sqlite.execute(`UPDATE queens SET seen_at_ms = seen_at_ms - ${QUEEN_GONE_AFTER_MS}`);
  sqlite.close();

  const next = await startQueen();
  const operation = await ended(request, id);
  const { state, problem, finished_at_ms } = operation;
  expect({ state, problem }).toEqual({
    state: "interrupted",
    problem: "the queen that ran it was ended; it had come to reach_queen, and what that did on the host is not known",
  });
  expect(finished_at_ms).not.toBeNull();
  expect(stepsOf(operation)).toEqual(["connect done", "check_node done", "reach_queen interrupted"]);
  await setFault(sshd, 0, "stall");
  expect(await operate(request, "install", "gpu-01")).toMatchObject({ state: "succeeded", problem: null });
  expect(await next.kill("SIGTERM")).toEqual({ code: 0, signal: null });
}, 120_000);
