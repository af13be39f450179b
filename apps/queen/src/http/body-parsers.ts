import { isUtf8 } from "node:buffer";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { JsonTooLarge, parseBoundedJson } from "../process/bounded-json.ts";
import { reasonOf } from "../process/errors.ts";
import { invalidJson, Problem, tooLarge } from "./errors.ts";
import { NDJSON } from "./lines.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    takesLines?: boolean;
  }
}

export const BODY_LIMIT_BYTES = 1_048_576;

const unsupported = (detail: string): Problem => new Problem("UNSUPPORTED_MEDIA_TYPE", detail);

/** JSON in UTF-8, for PATCH merge patches too, and lines of it, as they are, where they are taken; nothing else is read. An empty body is undefined. */
export function addBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, parserOf(parseJson));
  app.addContentTypeParser("application/merge-patch+json", { parseAs: "buffer" }, parserOf(parseJson));
  app.addContentTypeParser(NDJSON, { parseAs: "buffer" }, parserOf(asItIs));
}

const parserOf =
  (read: (bytes: Buffer, request: FastifyRequest) => unknown) => async (request: FastifyRequest, bytes: Buffer) => {
    checkType(request);
    return read(bytes, request);
  };

function asItIs(bytes: Buffer, { routeOptions }: FastifyRequest): Buffer {
  if (routeOptions.config.takesLines !== true) throw unsupported(`${NDJSON} is not taken here; send application/json`);
  return bytes;
}

const PLAIN_JSON = "application/json";

function checkType({ headers, method }: FastifyRequest): void {
  checkEncoding(headers["content-encoding"]);
  const type = headers["content-type"] ?? "";
  if (type === PLAIN_JSON) return;
  if (method !== "PATCH" && /^application\/merge-patch\+json/i.test(type)) {
    throw unsupported("application/merge-patch+json is for PATCH; send application/json");
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw unsupported(`JSON is read as UTF-8 alone, not as ${JSON.stringify(charset)}`);
  }
}

/** What is packed is not unpacked: its size says nothing of what it becomes. */
function checkEncoding(encoding = "identity"): void {
  if (encoding === "" || encoding.toLowerCase() === "identity") return;
  throw new Problem(
    "UNSUPPORTED_MEDIA_TYPE",
    `Bodies are taken as they are, not with Content-Encoding ${JSON.stringify(encoding)}`,
    {
      headers: { "accept-encoding": "identity" },
    },
  );
}

/** Throws a Problem. */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  // Or what is broken would be stored as U+FFFD.
  if (!isUtf8(bytes)) throw invalidJson("The body is not UTF-8");
  try {
    return parseBoundedJson(bytes.toString());
  } catch (error) {
    if (error instanceof JsonTooLarge) throw tooLarge(error);
    throw invalidJson(`The body is not valid JSON: ${reasonOf(error)}`);
  }
}
