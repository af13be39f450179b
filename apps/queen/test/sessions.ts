import type { TestQueen } from "./test-queen.ts";

/** Logs in as a browser does; returns the cookie that it sends from then on, and both headers with which a page changes something. */
export async function logIn(queen: TestQueen, token: string) {
  const { status, body, headers } = await queen.request("POST", "/v1/session", { token });
  if (status !== 201) throw new Error(`nobody was logged in: ${status} ${JSON.stringify(body)}`);
  const cookie = String(headers["set-cookie"]).split(";", 1)[0] ?? "";
  const { key } = body as { key: string };
  return { cookie, key, headers: { cookie, "x-queen-key": key } };
}
