import { isInForce, mintToken, NewToken } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import { invalidArgument, Problem } from "../errors.ts";
import { WRITING } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { answerPage, foundOf, NextAfter, pageQuery } from "./paging.ts";
import { TokenJson, toTokenJson } from "./token-json.ts";

const { name, role, hiveId } = NewToken.shape;

const TokenMade = z
  .strictObject({
    ...TokenJson.shape,
    token: z.string().meta({ description: "What its bearer shows: in this answer alone" }),
  })
  .meta({ id: "TokenMade", description: "A token that was just made" });
const NewTokenJson = z
  .strictObject({
    name: name.meta({ description: "What it is for, for people" }),
    role,
    hive_id: hiveId.meta({ description: "Required for the role hive, and for it alone" }),
    expires_at_ms: timeMs.nullish().meta({ description: "From when on it is worth nothing; null for never" }),
  })
  .meta({ id: "TokenRequest" });

const TOKEN = {
  id: "0123456789abcdef",
  name: "gpu-01",
  role: "hive" as const,
  hive_id: "hive-prod-01",
  created_at_ms: 1_761_040_800_000,
  expires_at_ms: null,
  revoked_at_ms: null,
  last_used_at_ms: 1_761_042_600_000,
};

/** Written in one turn of the event loop. */
const TOKENS_PER_BATCH = 200;

export const tokensRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/tokens",
    access: "operator",
    operationId: "listTokens",
    summary: "List tokens, page by page in the order in which they were made, revoked ones too",
    query: z.strictObject(pageQuery("Tokens")),
    isCostly: true,
    answer: {
      description: "One page",
      schema: z.strictObject({ tokens: z.array(TokenJson), next_after: NextAfter }),
      example: { tokens: [TOKEN], next_after: null },
    },
  }).handle(async ({ query: page }, { catalog, costs, door }) => {
    const tokens = await catalog.tokens.list();
    const behind = (id: string | undefined) => tokens.findIndex((token) => token.id === id) + 1;
    if (page.after !== undefined && behind(page.after) === 0) {
      throw invalidArgument("after", "must be the id of a token");
    }
    return answerPage(
      {
        page,
        batchSize: TOKENS_PER_BATCH,
        read: async (part) => {
          const from = behind(part.after);
          return foundOf(tokens.slice(from, from + part.limit), part, ({ id }) => id);
        },
        toJson: (token) => toTokenJson({ ...token, lastUsedAtMs: door.known.tokens.lastUseOf(token) }),
        answer: (tokens, next_after) => ({ tokens, next_after }),
      },
      costs,
    );
  }),
  defineRoute({
    method: "post",
    path: "/v1/tokens",
    access: "operator",
    operationId: "createToken",
    summary: "Make a token",
    description:
      "It works at once. The first that is not a hive's locks the door of a queen that was open, at once, so that hives without one of their own are refused, and must be an operator's that never expires: keep what is answered, or make another one on her machine.",
    body: {
      schema: NewTokenJson,
      examples: {
        of_a_hive: { name: "gpu-01", role: "hive", hive_id: "hive-prod-01" },
        of_a_reader_for_a_while: { name: "dashboard", role: "reader", expires_at_ms: 1_792_576_800_000 },
      },
    },
    answer: {
      status: 201,
      description: "The token",
      schema: TokenMade,
      example: { ...TOKEN, last_used_at_ms: null, token: `hq_${TOKEN.id}_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA` },
    },
    problems: ["HIVE_NOT_FOUND", "OPERATOR_FIRST", ...WRITING],
  }).handle(async ({ body }, { door, clock }) => {
    const { name, role, hive_id: hiveId = null, expires_at_ms: expiresAtMs = null } = body;
    if (expiresAtMs !== null && expiresAtMs <= clock.now()) {
      throw invalidArgument("expires_at_ms", "must be a time that is to come");
    }
    const { token, ...minted } = mintToken();
    const record = await door.known.add({ ...minted, name, role, hiveId, expiresAtMs });
    return { ...toTokenJson(record), token };
  }),
  defineRoute({
    method: "delete",
    path: "/v1/tokens/:token",
    access: "operator",
    operationId: "revokeToken",
    summary: "Revoke a token",
    description:
      "By its id. It ends its sessions and event streams: here at once, at every other queen of the catalog within 2 seconds. The last one of an operator that is in force stays, because nobody could come in without it over the network, and one that will expire is no other: make another one first, or revoke it with `pnpm queen token revoke` on the machine that has the catalog.",
    answer: { status: 204, description: "It is revoked" },
    problems: ["TOKEN_NOT_FOUND", "LAST_OPERATOR", ...WRITING],
  }).handle(async ({ params }, { door, catalog, clock }) => {
    if (await door.known.revoke(params.token)) return;
    const token = await catalog.tokens.get(params.token);
    if (token !== undefined && isInForce(token, clock.now())) throw lastOperator(token.id);
    throw new Problem("TOKEN_NOT_FOUND", `No token ${JSON.stringify(params.token)} is in force`);
  }),
];

const lastOperator = (id: string): Problem =>
  new Problem(
    "LAST_OPERATOR",
    `The token ${id} is the last one of an operator that lasts: make another one first, without expires_at_ms, or revoke it with \`pnpm queen token revoke\``,
  );
