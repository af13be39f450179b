import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Config, readConfig } from "./config.ts";
import { SETTINGS } from "./settings.ts";

function configOf(argv: string[], env: NodeJS.ProcessEnv = {}): Config {
  const result = readConfig(argv, env);
  if (!("config" in result)) throw new Error(`no config: ${JSON.stringify(result)}`);
  return result.config;
}

function problemsOf(argv: string[], env: NodeJS.ProcessEnv = {}): string[] {
  const result = readConfig(argv, env);
  return "problems" in result ? result.problems : [];
}

test("has a default for everything but the token", () => {
  const { allowedHosts, database, lifecycle, ...config } = configOf([]);
  expect(config).toEqual({
    host: "127.0.0.1",
    port: 8500,
    databaseAuthToken: undefined,
    healthIntervalMs: 30_000,
    staleAfterMs: 60_000,
    massFailureShare: 1 / 3,
    massFailureMin: 3,
    massFailureHoldMs: 300_000,
    flapChanges: 4,
    flapWindowMs: 600_000,
    probationMs: 120_000,
    tlsFiles: undefined,
    limits: {
      tokenRequestsPerSecond: 500,
      addressRequestsPerSecond: undefined,
      maxConnections: 20_000,
      maxConnectionsPerAddress: 2000,
    },
    migrate: true,
    metricsByHive: false,
    logLevel: "info",
  });
  expect(lifecycle).toEqual({
    publicUrl: undefined,
    publicCa: undefined,
    ssh: { identity: undefined, knownHosts: undefined },
    programEnv: { LC_ALL: "C" },
  });
  expect(database).toBe("data/hives.db");
  expect(allowedHosts.allows("10.0.0.1", "10.0.0.1")).toBe(true);
  expect(allowedHosts.allows("169.254.169.254", "169.254.169.254")).toBe(false);
});

const ENVIRONMENT = {
  QUEEN_HOST: "::1",
  QUEEN_PORT: "0",
  QUEEN_DATABASE: "libsql://db.example.com",
  QUEEN_DATABASE_AUTH_TOKEN: "s3cret",
  QUEEN_HEALTH_INTERVAL_MS: "100",
  QUEEN_STALE_AFTER_MS: "200",
  QUEEN_MASS_FAILURE_SHARE: "1/4",
  QUEEN_MASS_FAILURE_MIN: "10",
  QUEEN_MASS_FAILURE_HOLD_MS: "300",
  QUEEN_FLAP_CHANGES: "2",
  QUEEN_FLAP_WINDOW_MS: "400",
  QUEEN_PROBATION_MS: "500",
  QUEEN_ALLOWED_HOSTS: "127.0.0.0/8,::1",
  QUEEN_MIGRATE: "false",
  QUEEN_METRICS_BY_HIVE: "true",
  QUEEN_TLS_CERT: "/etc/queen/cert.pem",
  QUEEN_TLS_KEY: "/etc/queen/key.pem",
  QUEEN_TOKEN_REQUESTS_PER_SECOND: "1",
  QUEEN_ADDRESS_REQUESTS_PER_SECOND: "2",
  QUEEN_MAX_CONNECTIONS: "3",
  QUEEN_MAX_CONNECTIONS_PER_ADDRESS: "4",
  QUEEN_LOG_LEVEL: "warn",
  QUEEN_PUBLIC_URL: "https://queen.example:8500/",
  QUEEN_PUBLIC_CA: "/dev/null",
  QUEEN_SSH_IDENTITY: "/dev/null",
  QUEEN_SSH_KNOWN_HOSTS: "/dev/null",
};

test("reads every setting from the environment", () => {
  const { allowedHosts, lifecycle, ...config } = configOf([], ENVIRONMENT);
  expect(config).toEqual({
    host: "::1",
    port: 0,
    database: "libsql://db.example.com",
    databaseAuthToken: "s3cret",
    healthIntervalMs: 100,
    staleAfterMs: 200,
    massFailureShare: 0.25,
    massFailureMin: 10,
    massFailureHoldMs: 300,
    flapChanges: 2,
    flapWindowMs: 400,
    probationMs: 500,
    tlsFiles: { cert: "/etc/queen/cert.pem", key: "/etc/queen/key.pem" },
    limits: {
      tokenRequestsPerSecond: 1,
      addressRequestsPerSecond: 2,
      maxConnections: 3,
      maxConnectionsPerAddress: 4,
    },
    migrate: false,
    metricsByHive: true,
    logLevel: "warn",
  });
  expect(lifecycle).toMatchObject({
    publicUrl: "https://queen.example:8500",
    publicCa: "/dev/null",
    ssh: { identity: "/dev/null", knownHosts: "/dev/null" },
  });
  expect(allowedHosts.allows("10.0.0.1", "10.0.0.1")).toBe(false);
});

test("hands programs what they need of the environment, and no setting of the queen", () => {
  const env = { ...ENVIRONMENT, PATH: "/bin", HOME: "/home/queen", SSH_AUTH_SOCK: "/run/agent", LD_PRELOAD: "/x.so" };
  const programEnv = { PATH: "/bin", HOME: "/home/queen", SSH_AUTH_SOCK: "/run/agent", LC_ALL: "C" };
  expect(configOf([], env).lifecycle.programEnv).toEqual(programEnv);
});

test.each([
  ["--port", "QUEEN_PORT", ["65536", "-1", "8500.5", "abc", "1e3", " 1", ""]],
  ["--health-interval-ms", "QUEEN_HEALTH_INTERVAL_MS", ["0", "-5", "2147483648", "1.5", "30s", ""]],
  ["--stale-after-ms", "QUEEN_STALE_AFTER_MS", ["0", "nan", ""]],
  ["--mass-failure-share", "QUEEN_MASS_FAILURE_SHARE", ["1.1", "2/1", "1/0", "-0.5", ".5", "half", ""]],
  ["--mass-failure-min", "QUEEN_MASS_FAILURE_MIN", ["0", "2.5", ""]],
  ["--mass-failure-hold-ms", "QUEEN_MASS_FAILURE_HOLD_MS", ["0", ""]],
  ["--flap-changes", "QUEEN_FLAP_CHANGES", ["0", "51", ""]],
  ["--flap-window-ms", "QUEEN_FLAP_WINDOW_MS", ["0", ""]],
  ["--probation-ms", "QUEEN_PROBATION_MS", ["0", ""]],
  ["--token-requests-per-second", "QUEEN_TOKEN_REQUESTS_PER_SECOND", ["0", "1000001", "1/s", ""]],
  ["--address-requests-per-second", "QUEEN_ADDRESS_REQUESTS_PER_SECOND", ["0", "-1", ""]],
  ["--max-connections", "QUEEN_MAX_CONNECTIONS", ["0", "all", ""]],
  ["--max-connections-per-address", "QUEEN_MAX_CONNECTIONS_PER_ADDRESS", ["0", "1.5", ""]],
  ["--host", "QUEEN_HOST", ["http://x", "a b", "1.2.3", ""]],
  ["--allowed-hosts", "QUEEN_ALLOWED_HOSTS", ["10.0.0.0/99", ""]],
  ["--migrate", "QUEEN_MIGRATE", ["yes", "1", ""]],
  ["--log-level", "QUEEN_LOG_LEVEL", ["loud", ""]],
  ["--database", "QUEEN_DATABASE", [""]],
  [
    "--public-url",
    "QUEEN_PUBLIC_URL",
    ["queen:8500", "ftp://q", "http://u:p@q", "http://q/?a", "http://q/#a", "http://q:99999", "http://q/$(id)", ""],
  ],
  ["--public-ca", "QUEEN_PUBLIC_CA", ["/nowhere/ca.pem", ""]],
  ["--ssh-identity", "QUEEN_SSH_IDENTITY", ["/nowhere/key", 'a"b', "%h", "a\nb", ""]],
  ["--ssh-known-hosts", "QUEEN_SSH_KNOWN_HOSTS", ["/nowhere/known_hosts", ""]],
])("refuses a wrong %s, naming flag, variable and value", (flag, variable, values) => {
  for (const value of values) {
    const expected = [expect.stringMatching(new RegExp(`^${flag} \\(${variable}\\) must .*got`))];
    expect(problemsOf([`${flag}=${value}`]), value).toEqual(expected);
    expect(problemsOf([], { [variable]: value }), value).toEqual(expected);
  }
});

test("wants a certificate and its key together", () => {
  expect(problemsOf(["--tls-cert", "a"])).toEqual([expect.stringMatching(/^--tls-key \(QUEEN_TLS_KEY\) is missing/)]);
  expect(problemsOf([], { QUEEN_TLS_KEY: "a" })).toEqual([
    expect.stringMatching(/^--tls-cert \(QUEEN_TLS_CERT\) is missing/),
  ]);
});

test("takes the token from the environment alone, and never prints it", () => {
  for (const argv of [["--database-auth-token", "hunter2"], ["--database-auth-token=hunter2"]]) {
    const problems = problemsOf([...argv, "--port", "x"], { QUEEN_DATABASE_AUTH_TOKEN: "hunter3" }).join("\n");
    expect(problems).toContain("QUEEN_DATABASE_AUTH_TOKEN");
    expect(problems).not.toMatch(/hunter/);
  }
  expect(problemsOf([], { QUEEN_DATABASE_AUTH_TOKEN: "" })).toEqual([
    expect.stringContaining("QUEEN_DATABASE_AUTH_TOKEN"),
  ]);
});

test.each([["--help"], ["-h"], ["--port", "x", "--help"]])(
  "shows every flag and its default for %s %s %s",
  (...argv) => {
    const result = readConfig(argv, {});
    const help = "print" in result ? result.print : "";
    for (const name of Object.keys(ENVIRONMENT)) {
      const flag = `--${name.slice("QUEEN_".length).toLowerCase().replaceAll("_", "-")}`;
      if (name === "QUEEN_DATABASE_AUTH_TOKEN") expect(help).toContain(name);
      else expect(help).toContain(flag);
    }
    expect(help).toContain("8500");
  },
);

test("each setting stands in the README, and each that stands there is one", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const described = new Set([...readme.matchAll(/`(QUEEN_[A-Z_]+)`/g)].map(([, name]) => name));
  expect([...described].toSorted()).toEqual(SETTINGS.variables.map(({ variable }) => variable).toSorted());
});
