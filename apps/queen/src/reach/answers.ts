import type { ClientRequest, IncomingMessage } from "node:http";
import * as z from "zod";
import { parseBoundedJson } from "../process/bounded-json.ts";

/** The answer to a health check is one small object; what is longer says nothing of who answers. */
const MAX_HEALTH_BYTES = 4096;
const MAX_START_LENGTH = 64;
/** Of one answer: each costs a call and some hundred bytes, however short it is. */
export const MAX_PIECES = 4096;
/** Before one answer. Nothing is asked for that needs any, but what stands in between may send a few. */
const MAX_INTERIM_ANSWERS = 16;

/** Ends a request that is answered with 1xx again and again. */
export function boundInterimAnswers(request: ClientRequest): void {
  let count = 0;
  request.on("information", () => {
    count += 1;
    if (count === MAX_INTERIM_ANSWERS + 1)
      request.destroy(new Error(`more than ${MAX_INTERIM_ANSWERS} interim answers`));
  });
}

/** The body; undefined, and not read on, when it is longer than `maxBytes`, comes in too many pieces, or `isOfUse` says no to its beginning. */
export function textOf(
  response: IncomingMessage,
  maxBytes: number,
  isOfUse: (beginning: string) => boolean = () => true,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let text = "";
    let bytes = 0;
    let pieces = 0;
    response
      .setEncoding("utf8")
      .on("data", (chunk: string) => {
        text += chunk;
        bytes += Buffer.byteLength(chunk);
        pieces += 1;
        if (bytes <= maxBytes && pieces <= MAX_PIECES && isOfUse(text)) return;
        resolve(undefined);
        response.destroy();
      })
      .once("end", () => resolve(text))
      .once("error", reject)
      .once("close", () => reject(new Error("the answer was broken off")));
  });
}

const HealthJson = z.object({
  id: z.string().optional().catch(undefined),
  started_at: z.string().max(MAX_START_LENGTH).optional().catch(undefined),
});

/** What the JSON object says that a hive answers; any other body, broken off or too long, says nothing. */
export async function healthIn(response: IncomingMessage): Promise<z.infer<typeof HealthJson>> {
  try {
    const text = await textOf(response, MAX_HEALTH_BYTES, (beginning) => /^\s*(?:\{|$)/.test(beginning));
    return HealthJson.parse(parseBoundedJson(text ?? "{}"));
  } catch {
    return {};
  }
}
