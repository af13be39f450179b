import type { FastifyInstance, FastifyRequest } from "fastify";
import { invalidJson, Problem } from "./errors.ts";

export const BODY_LIMIT_BYTES = 1_048_576;

/** JSON, and for PATCH merge patches too; nothing else is read. An empty body is undefined. */
export function addBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, async (_request: FastifyRequest, text: string) =>
    parseJson(text),
  );
  app.addContentTypeParser(
    "application/merge-patch+json",
    { parseAs: "string" },
    async (request: FastifyRequest, text: string) => {
      if (request.method !== "PATCH") {
        throw new Problem(
          415,
          "UNSUPPORTED_MEDIA_TYPE",
          "application/merge-patch+json is for PATCH; send application/json",
        );
      }
      return parseJson(text);
    },
  );
}

function parseJson(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidJson(`The body is not valid JSON: ${error instanceof Error ? error.message : error}`);
  }
}
