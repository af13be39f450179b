import type { FastifyInstance, FastifyRequest } from "fastify";
import { invalidJson, Problem } from "./errors.ts";

export const BODY_LIMIT_BYTES = 1_048_576;

const unsupported = (detail: string): Problem => new Problem(415, "UNSUPPORTED_MEDIA_TYPE", detail);

/** JSON in UTF-8, and for PATCH merge patches too; nothing else is read. An empty body is undefined. */
export function addBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, async (request: FastifyRequest, text: string) => {
    checkCharset(request);
    return parseJson(text);
  });
  app.addContentTypeParser(
    "application/merge-patch+json",
    { parseAs: "string" },
    async (request: FastifyRequest, text: string) => {
      if (request.method !== "PATCH") {
        throw unsupported("application/merge-patch+json is for PATCH; send application/json");
      }
      checkCharset(request);
      return parseJson(text);
    },
  );
}

function checkCharset({ headers }: FastifyRequest): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(headers["content-type"] ?? "")?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw unsupported(`JSON is read as UTF-8 alone, not as ${JSON.stringify(charset)}`);
  }
}

function parseJson(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidJson(`The body is not valid JSON: ${error instanceof Error ? error.message : error}`);
  }
}
