import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/config/settings.ts";
import { HIVE } from "../programs.ts";
import { HIVE_JSON, startTestQueen } from "../test-queen.ts";
import { addToken } from "../tokens.ts";
import { until } from "../until.ts";
import { detailOf, operate } from "./operation.ts";
import { unusedPort } from "./port.ts";

/** A certificate for localhost that nobody but itself has signed. */
function makeCertificate(folder: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", [...args, ...names, "-out", cert, "-keyout", key], { stdio: "ignore" });
  return { cert, key };
}

test("an agent gets through the door of a queen with a certificate of her own, by the CA and the token that it was given", async () => {
  await using folder = await temporaryFolder();
  const { cert, key } = makeCertificate(folder.path);
  const port = await unusedPort();
  const settings = {
    publicUrl: `https://localhost:${port}`,
    publicCa: undefined as string | undefined,
    ssh: { identity: undefined, knownHosts: undefined },
    programEnv: { PATH: process.env.PATH ?? "", HOME: folder.path },
  };
  const tls = { cert: readFileSync(cert), key: readFileSync(key) };
  await using queen = await startTestQueen({
    tls,
    lifecycle: settings,
    agentFile: HIVE,
    limits: { ...DEFAULT_LIMITS, tokenRequestsPerSecond: 1_000_000 },
  });
  await queen.app.listen({ host: "127.0.0.1", port });
  const { authorization } = await addToken(queen.catalog, "operator");
  const request = (method: "GET" | "POST", url: string, json?: object) =>
    queen.send({ method, url, headers: { authorization }, ...(json && { payload: json }) });
  await request("POST", "/v1/hives", { ...HIVE_JSON, port: await unusedPort() });

  const distrusting = await operate(request, "start", HIVE_JSON.id);
  expect(distrusting).toMatchObject({ state: "failed", problem: expect.stringMatching(/^reach_queen: .*self-signed/) });

  settings.publicCa = join(folder.path, "half.pem");
  writeFileSync(settings.publicCa, readFileSync(cert, "utf8").slice(0, 200));
  const half = await operate(request, "start", HIVE_JSON.id);
  expect(half.problem).toMatch(/^reach_queen: .*QUEEN_PUBLIC_CA.* certificate 1 of the 1 .*\[QUEEN_UNREACHABLE\]/);

  const proxy = createServer(
    (_, response) => void response.writeHead(301, { location: "https://ops.example/?key=secret" }).end(),
  );
  onTestFinished(() => void proxy.close());
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  settings.publicUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const led = await operate(request, "start", HIVE_JSON.id);
  expect(led.problem).toMatch(
    /^reach_queen: .* it answers 301: it leads to https:\/\/ops\.example\/ \[QUEEN_UNREACHABLE\]/,
  );
  settings.publicUrl = `https://localhost:${port}`;

  settings.publicCa = cert;
  const started = await operate(request, "start", HIVE_JSON.id);
  expect(started).toMatchObject({ state: "succeeded", problem: null });
  expect(detailOf(started, "reach_queen")).toBe(`https://localhost:${port} answers`);
  await until("the agent beats", async () => {
    const { body } = await request("GET", `/v1/hives/${HIVE_JSON.id}/state`);
    return (body as { last_beat_age_ms: number | null }).last_beat_age_ms !== null;
  });
  expect(await operate(request, "stop", HIVE_JSON.id)).toMatchObject({ state: "succeeded", problem: null });
}, 120_000);
