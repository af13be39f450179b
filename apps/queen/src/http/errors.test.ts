import { HIVE_CATALOG_ERROR_CODES, HiveCatalogError, type HiveCatalogErrorCode } from "@repo/hive-catalog";
import { expect, test } from "vitest";
import { hiveNotFound } from "../process/errors.ts";
import { ProbeError } from "../reach/probe.ts";
import { toProblem } from "./errors.ts";

const STATUS: Record<HiveCatalogErrorCode, number> = {
  INVALID_HIVE: 400,
  INVALID_ARGUMENT: 400,
  HIVE_NOT_FOUND: 404,
  HIVE_ALREADY_EXISTS: 409,
  OPERATION_IN_PROGRESS: 409,
  CORRUPT_HIVE: 500,
  CORRUPT_RECORD: 500,
  CATALOG_CORRUPT: 500,
  CATALOG_TOO_NEW: 500,
  CATALOG_NOT_A_CATALOG: 500,
  INTERNAL: 500,
  CATALOG_BUSY: 503,
  CATALOG_READ_ONLY: 503,
  CATALOG_NOT_MIGRATED: 503,
  CATALOG_UNAVAILABLE: 503,
  CATALOG_OUTCOME_UNKNOWN: 503,
  CATALOG_CLOSED: 503,
  CATALOG_FULL: 507,
};

test.each(HIVE_CATALOG_ERROR_CODES.filter((code) => code !== "INTERNAL"))(
  "answers %s with its code, its status, and Retry-After where that helps",
  (code) => {
    const problem = toProblem(new HiveCatalogError(code, "The reason"), "r-1");
    expect(problem.body("r-1")).toMatchObject({ status: STATUS[code], code, detail: "The reason", request_id: "r-1" });
    const mayRetry = STATUS[code] === 503 && code !== "CATALOG_OUTCOME_UNKNOWN";
    expect(problem.headers["retry-after"]).toBe(mayRetry ? "1" : undefined);
  },
);

test("names the fields of the catalog as they are named outside the process", () => {
  const problems = [
    { field: "devices.gpus.0.vramGb", message: "too small" },
    { field: "sshPort", message: "is allowed only together with sshHost" },
    { field: "host", message: 'must be a host name, got "a \\"sshPort\\" sshHost…' },
  ];
  const { message, errors } = toProblem(
    new HiveCatalogError("INVALID_HIVE", "sshPort needs sshHost", { problems }),
    "r-1",
  );
  expect(message).toBe(
    'devices.gpus.0.vram_gb: too small; ssh_port: is allowed only together with ssh_host; host: must be a host name, got "a \\"sshPort\\" sshHost…',
  );
  expect(errors).toEqual([
    { field: "devices.gpus.0.vram_gb", message: "too small" },
    { field: "ssh_port", message: "is allowed only together with ssh_host" },
    { field: "host", message: 'must be a host name, got "a \\"sshPort\\" sshHost…' },
  ]);
});

test("leaves the message of an error without fields as it is: ids may be called like fields", () => {
  expect(toProblem(new HiveCatalogError("HIVE_NOT_FOUND", "there is no hive 'sshPort'"), "r-1").message).toBe(
    "there is no hive 'sshPort'",
  );
});

test("tells of a hive that is not there in the same words, whether the queen or the catalog noticed it", () => {
  const noticed = new HiveCatalogError("HIVE_NOT_FOUND", "as the catalog says it", { hiveId: "gpu-01" });
  expect(toProblem(noticed, "r-1")).toMatchObject({ status: 404, message: hiveNotFound("gpu-01").message });
});

test.each([
  ["HIVE_UNREACHABLE", 502],
  ["HIVE_NOT_ALLOWED", 403],
  ["INVALID_DEVICES", 502],
  ["WRONG_HIVE", 502],
] as const)("answers %s of a hive with %i", (code, status) => {
  expect(toProblem(new ProbeError(code, "why"), "r-1")).toMatchObject({ status, code, message: "why" });
});

test.each([
  new Error("secret"),
  new HiveCatalogError("INTERNAL", "secret", { cause: new TypeError("secret") }),
  "secret",
  undefined,
  { code: "secret" },
])("tells nothing of %o but the request id", (error) => {
  const problem = toProblem(error, "r-1");
  expect(problem).toMatchObject({ status: 500, code: "INTERNAL", cause: error });
  expect(problem.message).toContain("r-1");
  expect(JSON.stringify(problem.body("r-1"))).not.toContain("secret");
});
