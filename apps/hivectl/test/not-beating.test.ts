import { QueenClient } from "@repo/queen-client";
import { expect, test } from "vitest";
import { startHive } from "../../queen/test/hive-server.ts";
import { postJson, queenProcesses } from "../../queen/test/queen-processes.ts";
import { until } from "../../queen/test/until.ts";
import { hivectl } from "./hivectl.ts";

const queens = queenProcesses();
const SOON = { QUEEN_STALE_AFTER_MS: "1000", QUEEN_HEALTH_INTERVAL_MS: "200" };

/** What hivectl prints once it is of a hive that is missed. While so many tests run that the queen herself stands still, silence does not count. */
const missed = (args: string[], env: NodeJS.ProcessEnv, ...signs: (string | RegExp)[]) =>
  until(`hivectl ${args.join(" ")} shows that it is missed`, async () => {
    const { code, stdout } = await hivectl(args, env);
    const isThere = (sign: string | RegExp) => (typeof sign === "string" ? stdout.includes(sign) : sign.test(stdout));
    return code === 0 && signs.every(isThere) && stdout;
  });

test("status and get hives name those that answer but are kept out by their lack of a token, and what mends it", async () => {
  const { url } = await queens.open(SOON);
  const hive = await startHive();
  await new QueenClient({ url }).addHive({ id: "gpu-01", host: "127.0.0.1", port: hive.port });
  await postJson(`${url}/v1/heartbeat`, { hive_id: "gpu-01", timestamp: new Date().toISOString(), workers: [] });
  const made = await hivectl(["token", "create", "--name", "me", "--role", "operator", "-y"], { QUEEN_URL: url });
  const env = { QUEEN_URL: url, QUEEN_TOKEN: made.stdout.trim() };
  // Counts and hives are two answers of the queen.
  const text = await missed(["status"], env, "1 not beating", "online,not-beating");
  const why = "it answers health checks, but its heartbeats do not arrive: callers need a token, and none";
  expect(text).toMatch(
    new RegExp(`^Online, but their heartbeats do not arrive:\n {2}gpu-01 +online,not-beating .*${why}`, "m"),
  );
  expect(text).toMatch(/^ {2}hivectl token create --role hive --out-dir tokens {2}makes a token for each/m);
  await missed(["get", "hives"], env, /^gpu-01 +online,not-beating /m);
  await missed(["get", "hives", "--not-beating", "-o", "name"], env, /^gpu-01\n$/);
  await missed(["cordon", "--reason", "deaf", "-y", "--not-beating", "-o", "name"], env, /^gpu-01\n$/);
  const described = await missed(["describe", "hive", "gpu-01"], env, new RegExp(`^Status: +online: ${why}`, "m"));
  expect(described).toMatch(/^Reachable: +yes$/m);
});

test("of a hive that has a token and does not show it, status says so, and of others where to look", async () => {
  const { url } = await queens.open(SOON);
  const hive = await startHive();
  await new QueenClient({ url }).addHive({ id: "gpu-01", host: "127.0.0.1", port: hive.port });
  await postJson(`${url}/v1/heartbeat`, { hive_id: "gpu-01", timestamp: new Date().toISOString(), workers: [] });
  expect(await missed(["status"], { QUEEN_URL: url }, "the log of its agent says why")).toMatch(
    /^ {2}hivectl describe hive gpu-01 {2}says when it last beat; the log of its agent says why it ended$/m,
  );
  const create = ["token", "create", "--role"];
  await hivectl([...create, "hive", "--out-dir", `${queens.folder}/tokens`], { QUEEN_URL: url });
  const made = await hivectl([...create, "operator", "--name", "me", "-y"], { QUEEN_URL: url });
  const why = "callers need a token, and it has not shown its own here";
  const text = await missed(["status"], { QUEEN_URL: url, QUEEN_TOKEN: made.stdout.trim() }, why);
  expect(text).toMatch(new RegExp(`^ {2}gpu-01 +online,not-beating .*: ${why}$`, "m"));
  expect(text).toMatch(
    /^ {2}hivectl token list {2}shows those that are not used: HIVE_TOKEN_FILE on the hive names its own$/m,
  );
});
