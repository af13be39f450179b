import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Config, readConfig, SETTINGS } from "./config.ts";
import { QUEEN_CA, temporaryFolder } from "./testing.ts";

function configOf(argv: string[], env: Record<string, string> = {}): Config {
  const reading = readConfig(argv, env);
  if (!("values" in reading)) throw new Error(`no config: ${JSON.stringify(reading)}`);
  return reading.values;
}

function problemsOf(argv: string[], env: Record<string, string> = {}): string[] {
  const reading = readConfig(argv, env);
  return "problems" in reading ? reading.problems : [];
}

test("has a default for every setting", () => {
  expect(configOf([])).toEqual({
    host: "127.0.0.1",
    port: 8600,
    id: "localhost",
    queen: "http://127.0.0.1:8500",
    tokenFile: "",
    beatIntervalMs: 15_000,
    probeTimeoutMs: 10_000,
    telemetry: true,
    discover: process.platform === "linux",
    workers: [],
    workerTimeoutMs: 2_000,
    workerKeysFile: "",
    workerKeys: new Map(),
    readAccess: expect.any(Function),
    advertiseHost: "",
    logLevel: "info",
    logFile: "",
    pidFile: "",
    once: false,
    json: false,
  });
});

test("reads every setting from its variable", () => {
  const env = {
    HIVE_HOST: "::1",
    HIVE_PORT: "0",
    HIVE_ID: "gpu-box.7",
    HIVE_QUEEN: "https://queen.example/fleet/",
    HIVE_BEAT_INTERVAL_MS: "100",
    HIVE_PROBE_TIMEOUT_MS: "600000",
    HIVE_TELEMETRY: "false",
    HIVE_DISCOVER: "false",
    HIVE_WORKERS: "vllm=http://127.0.0.1:8000",
    HIVE_WORKER_TIMEOUT_MS: "500",
    HIVE_WORKER_KEYS_FILE: fileWith("127.0.0.1:8000 secret"),
    HIVE_ADVERTISE_HOST: "gpu-01.example",
    HIVE_LOG_LEVEL: "warn",
    HIVE_LOG_FILE: "/var/log/hive.log",
    HIVE_PID_FILE: "/run/hive.pid",
  };
  expect(configOf([], env)).toEqual({
    host: "::1",
    port: 0,
    id: "gpu-box.7",
    queen: "https://queen.example/fleet",
    tokenFile: "",
    beatIntervalMs: 100,
    probeTimeoutMs: 600_000,
    telemetry: false,
    discover: false,
    workers: [{ kind: "vllm", base: new URL("http://127.0.0.1:8000") }],
    workerTimeoutMs: 500,
    workerKeysFile: env.HIVE_WORKER_KEYS_FILE,
    workerKeys: new Map([["127.0.0.1:8000", "secret"]]),
    readAccess: expect.any(Function),
    advertiseHost: "gpu-01.example",
    logLevel: "warn",
    logFile: "/var/log/hive.log",
    pidFile: "/run/hive.pid",
    once: false,
    json: false,
  });
});

test("reports every problem at once, with the flag and the variable, the rule and what arrived", () => {
  const env = { HIVE_PORT: "65536", HIVE_BEAT_INTERVAL_MS: "1.5", HIVE_LOG_LEVEL: "loud", HIVE_HOST: "http://x" };
  const problems = problemsOf(
    ["--id", "a b", "--queen", "localhost:8500", "--probe-timeout-ms", "99", "extra", "--prot"],
    env,
  );
  expect(problems).toEqual([
    "unknown option '--prot'; --help shows what there is",
    "unknown argument 'extra'; --help shows what there is",
    '--id (HIVE_ID) must be 1 to 128 letters, digits, dots, underscores or hyphens, and begin with a letter or digit, but is "a b"',
    '--queen (HIVE_QUEEN) must be an http or https URL without user, query or fragment, such as http://127.0.0.1:8500, but is "localhost:8500"',
    '--host (HIVE_HOST) must be a host name or an IP address, without scheme or port, but is "http://x"',
    '--port (HIVE_PORT) must be an integer from 0 to 65535, but is "65536"',
    '--beat-interval-ms (HIVE_BEAT_INTERVAL_MS) must be an integer from 100 to 3600000, but is "1.5"',
    '--probe-timeout-ms (HIVE_PROBE_TIMEOUT_MS) must be an integer from 100 to 600000, but is "99"',
    '--log-level (HIVE_LOG_LEVEL) must be one of trace, debug, info, warn, error, fatal, silent, but is "loud"',
  ]);
});

test.each(["gpu_box_1.", "gpu_box_1", "_gpu", "GPU-01.example.", "10.0.0.1", "::1"])(
  "takes the host %s as the queen does, without the dot of the root",
  (host) => {
    const taken = host.replace(/\.$/, "");
    expect(configOf(["--advertise-host", host, "--host", host])).toMatchObject({ advertiseHost: taken, host: taken });
  },
);

test.each(["gpu..", ".", "10.0.0.256", "gpu.1", "gpu-.example", "a b"])(
  "refuses the host %s, as the queen does",
  (host) => {
    expect(problemsOf(["--advertise-host", host])).toEqual([expect.stringContaining("must be a host name")]);
  },
);

test("knows what it is to print in place of running", () => {
  expect(configOf(["--once"])).toMatchObject({ once: true, json: false });
  expect(configOf(["--once", "--json"])).toMatchObject({ once: true, json: true });
});

test.each(["ftp://queen", "http://user:secret@queen", "http://queen?x=1", "http://queen#x", "http://"])(
  "queen %s is refused",
  (queen) => {
    expect(problemsOf(["--queen", queen])).toHaveLength(1);
  },
);

test.each(["http://user:secret@queen", "http://us@er:sec/ret@queen:1", "user:secret@queen"])(
  "the user and password of queen %s are not in its problem",
  (queen) => {
    for (const problems of [problemsOf([], { HIVE_QUEEN: queen }), problemsOf([queen])]) {
      expect(problems).toHaveLength(1);
      expect(problems.join()).toMatch(/\*\*\*@queen/);
      expect(problems.join()).not.toMatch(/user:|us@er|secret|ret@/);
    }
  },
);

function fileWith(text: string, mode = 0o600): string {
  const path = join(temporaryFolder(), "token");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test("takes the token from HIVE_TOKEN, or from a file that its owner alone may use", () => {
  expect(configOf([], { HIVE_TOKEN: "hq_1_secret" }).token).toBe("hq_1_secret");
  const path = fileWith("hq_1_secret\n");
  expect(configOf([], { HIVE_TOKEN_FILE: path }).token).toBe("hq_1_secret");
  expect(configOf(["--token-file", path]).token).toBe("hq_1_secret");
  expect(configOf([]).token).toBeUndefined();
});

test.each([0o640, 0o604, 0o660, 0o644])("refuses a token file of mode %o, and says what to do", (mode) => {
  const path = fileWith("hq_1_secret", mode);
  expect(problemsOf(["--token-file", path])).toEqual([
    `--token-file (HIVE_TOKEN_FILE) ${path}: others than its owner may use it (mode ${mode.toString(8)}): chmod 600 it, or, where that cannot be, hand the token over as HIVE_TOKEN`,
  ]);
});

test.each([
  ["--token-file (HIVE_TOKEN_FILE)", ["--token-file"]],
  ["--queen-ca (HIVE_QUEEN_CA)", ["--queen", "https://queen", "--queen-ca"]],
  ["--worker-keys-file (HIVE_WORKER_KEYS_FILE)", ["--worker-keys-file"]],
])("waits for no %s that is a fifo, and reads none that is endless", (setting, flags) => {
  const fifo = join(temporaryFolder(), "fifo");
  execFileSync("mkfifo", ["-m", "600", fifo]);
  expect(problemsOf([...flags, fifo])).toEqual([`${setting} ${fifo}: is no regular file`]);
  expect(problemsOf([...flags, "/dev/zero"])).toEqual([`${setting} /dev/zero: is no regular file`]);
});

test("says what is wrong with a token, and never what it is", () => {
  const rule = "must be one word of visible characters, as `queen token create` printed it";
  expect(problemsOf([], { HIVE_TOKEN: "hq_1 secret" })).toEqual([`HIVE_TOKEN ${rule}`]);
  expect(problemsOf([], { HIVE_TOKEN: "" })).toEqual([`HIVE_TOKEN ${rule}`]);
  const path = fileWith("hq_1_secret\nhq_2_secret\n");
  expect(problemsOf(["--token-file", path])).toEqual([`--token-file (HIVE_TOKEN_FILE) ${path}: ${rule}`]);
  expect(problemsOf(["--token-file", path], { HIVE_TOKEN: "hq_1_secret" })).toEqual([
    "HIVE_TOKEN and --token-file (HIVE_TOKEN_FILE) exclude each other",
  ]);
  expect(problemsOf(["--token-file", "/nowhere/token"]).join()).toContain("ENOENT");
});

test.each([[["--token", "hq_1_secret"]], [["--token=hq_1_secret"]]])("takes no token as a flag: %j", (argv) => {
  const problems = problemsOf(argv);
  expect(problems[0]).toBe("--token is not a flag, so that the token is in no process list: set HIVE_TOKEN");
  expect(problems.join()).not.toContain("secret");
});

test("reads the certificate that signed the queen's, for a queen at https:// alone", () => {
  const env = { HIVE_QUEEN: "https://queen.example", HIVE_QUEEN_CA: QUEEN_CA };
  expect(configOf([], env).queenCa).toContain("BEGIN CERTIFICATE");
  expect(problemsOf([], { HIVE_QUEEN_CA: QUEEN_CA })).toEqual([expect.stringContaining("not at https://")]);
  expect(problemsOf([], { ...env, HIVE_QUEEN_CA: fileWith("nonsense") })).toEqual([
    expect.stringMatching(/^--queen-ca \(HIVE_QUEEN_CA\) .*has no certificate in PEM$/),
  ]);
  expect(problemsOf([], { ...env, HIVE_QUEEN_CA: "/nowhere/ca.pem" })).toEqual([expect.stringContaining("ENOENT")]);
});

test("each setting stands in the README, and each that stands there is one", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const described = new Set([...readme.matchAll(/`(HIVE_[A-Z_]+)`/g)].map(([, name]) => name));
  expect([...described].toSorted()).toEqual(SETTINGS.variables.map(({ variable }) => variable).toSorted());
});
