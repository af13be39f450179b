import { expect, test } from "vitest";
import { unitOf } from "./systemd.ts";

test("a unit names the hive, and its words mean what they are for systemd too", () => {
  const unit = unitOf({
    node: '/opt/no de/"b"/node',
    agent: "/home/100%/$x/gpu-01/agent.mjs",
    settings: "/home/gpu-01/hive.env",
    errors: "/home/100%/hive.err",
  });
  expect(unit).toContain("Description=Hive agent gpu-01\n");
  expect(unit).toContain("WorkingDirectory=/home/100%%/$x/gpu-01\n");
  expect(unit).toContain("StandardError=file:/home/100%%/hive.err\n");
  expect(unit).toContain(
    String.raw`ExecStart="/opt/no de/\"b\"/node" "--max-semi-space-size=1" "--optimize-for-size" "--env-file=/home/gpu-01/hive.env" "/home/100%%/$$x/gpu-01/agent.mjs"` +
      "\n",
  );
});

test("a unit whose settings cannot be used is not started again and again", () => {
  const unit = unitOf({ node: "node", agent: "/a/agent.mjs", settings: "/a/hive.env", errors: "/a/hive.err" });
  expect(unit.split("\n")).toContain("RestartPreventExitStatus=2");
});
