import { rule, timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import { ANYBODY, type Caller, type Login } from "../door/caller.ts";
import { Problem } from "../errors.ts";
import { jsonWriter } from "../json-writer.ts";
import { KNOWING_TOKENS, WRITING } from "../problems.ts";
import { defineRoute } from "../route.ts";

/** Longer than a token and a code. */
const MAX_SECRET_LENGTH = 256;
const MAX_BODY_BYTES = 1024;

const saying = rule(`must be a text of at most ${MAX_SECRET_LENGTH} characters`);
const secret = z.string(saying).max(MAX_SECRET_LENGTH, saying);
const NewSession = z
  .strictObject({
    token: secret.optional().meta({ description: "An operator's or a reader's" }),
    code: secret.optional().meta({ description: "Of POST /v1/session/codes, in place of a token" }),
  })
  .check(({ value: { token, code }, issues }) => {
    if ((token === undefined) !== (code === undefined)) return;
    const message = token === undefined ? "is required, or code" : "must be the only one of token and code";
    // What was shown stays out of the answer.
    issues.push({ code: "custom", input: undefined, path: ["token"], message });
  })
  .meta({ id: "Login", description: "What shows who logs in" });

const role = z.enum(["operator", "reader"]).meta({ description: "Of the token with which somebody logged in" });
const expires_at_ms = timeMs.meta({ description: "Half a day after the login, or when the token expires" });
const SessionBegun = z
  .strictObject({
    role,
    expires_at_ms,
    key: z.string().meta({ description: "For the header `x-queen-key`; shown in this answer alone" }),
  })
  .meta({ id: "SessionBegun", description: "A session that has just begun" });
const begunToJson = jsonWriter(SessionBegun);
const SessionJson = z
  .strictObject({
    role,
    expires_at_ms,
    has_key: z
      .boolean()
      .meta({ description: "Whether this request showed the key: without it the caller is a reader" }),
  })
  .meta({ id: "Session", description: "The session of the caller" });
const sessionToJson = jsonWriter(SessionJson);
const LoginCode = z
  .strictObject({ code: z.string(), expires_at_ms: timeMs })
  .meta({ id: "LoginCode", description: "For one login, with the rights of the token that asked for it" });

const EXPIRES_AT_MS = 1_761_084_000_000;

export const sessionRoutes = [
  defineRoute({
    method: "post",
    path: "/v1/session",
    access: "open",
    operationId: "logIn",
    summary: "Log a browser in",
    description: `Answers a cookie, \`queen_session\` (\`__Host-queen_session\` with \`Secure\` over TLS, and where QUEEN_PUBLIC_URL begins with https), which the browser sends by itself from then on: an event stream needs no more.
With the cookie alone a caller is a reader, whatever its token. Every method but GET and HEAD, and whatever is for operators, needs the header \`x-queen-key\` too.
A token has 16 sessions at most, and all have 4,096: one more ends the one that would end first. Each attempt counts as a request without a token. A hive's token is refused.`,
    body: {
      schema: NewSession,
      maxBytes: MAX_BODY_BYTES,
      examples: {
        with_a_token: { token: "hq_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
        with_a_code: { code: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
      },
    },
    answer: {
      status: 201,
      description: "The session has begun: see `Set-Cookie`",
      schema: SessionBegun,
      example: { role: "operator", expires_at_ms: EXPIRES_AT_MS, key: "AAAAAAAAAAAAAAAAAAAAAA" },
    },
    problems: ["DOOR_OPEN", ...KNOWING_TOKENS, ...WRITING],
  }).handle(async ({ body, raw }, { door }, reply) => {
    const { cookie, maxAgeMs, ...begun } = await door.logins.logIn({ raw }, body);
    reply.header("set-cookie", door.cookie.set(cookie, maxAgeMs));
    return begunToJson(begun);
  }),
  defineRoute({
    method: "get",
    path: "/v1/session",
    access: "reader",
    operationId: "getSession",
    summary: "Read the own session",
    answer: {
      description: "It is in force",
      schema: SessionJson,
      example: { role: "operator", expires_at_ms: EXPIRES_AT_MS, has_key: true },
    },
    problems: ["SESSION_NOT_FOUND"],
  }).handle(({ caller }) => sessionToJson(loginOf(caller))),
  defineRoute({
    method: "delete",
    path: "/v1/session",
    access: "reader",
    operationId: "logOut",
    summary: "Log out",
    answer: { status: 204, description: "The session has ended, and so have its event streams" },
    problems: ["SESSION_NOT_FOUND", ...WRITING],
  }).handle(async ({ caller }, { door }, reply) => {
    await door.known.endSession(loginOf(caller).cookieHash);
    reply.header("set-cookie", door.cookie.clear());
  }),
  defineRoute({
    method: "post",
    path: "/v1/session/codes",
    access: "reader",
    operationId: "makeLoginCode",
    summary: "Make a code with which a browser logs in once, within a minute",
    description:
      "For a command that opens the page: the code goes into the fragment of its address, which no log has. It is of this queen alone, and gone when she ends. A token has 8 at most: one more ends its oldest. A session, which would outlive itself so, is refused.",
    answer: {
      status: 201,
      description: "The code",
      schema: LoginCode,
      example: { code: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", expires_at_ms: 1_761_040_860_000 },
    },
    problems: ["DOOR_OPEN"],
  }).handle(async ({ caller }, { door }) => {
    const { code, expiresAtMs } = await door.logins.makeCode(caller ?? ANYBODY);
    return { code, expires_at_ms: expiresAtMs };
  }),
];

function loginOf(caller: Caller | null): Login & { role: "operator" | "reader" } {
  const { login } = caller ?? ANYBODY;
  if (login === undefined) {
    throw new Problem(
      "SESSION_NOT_FOUND",
      "This request comes without the cookie of a session: POST /v1/session begins one",
    );
  }
  return { ...login, role: login.role === "operator" ? "operator" : "reader" };
}
