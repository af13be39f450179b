import type { Logger } from "pino";

/**
 * What stands in files that settings name, read anew whenever it is asked for, so that it can be renewed while the agent runs. Where that fails, what
 * was read before stays, and why is said once. `read` adds a sentence to `problems` for what cannot be used, and never throws.
 */
export function renewed<Content>(first: Content, read: (problems: string[]) => Content, log: Logger): () => Content {
  let content = first;
  let said = "";
  return () => {
    const problems: string[] = [];
    const anew = read(problems);
    const reason = problems.join("; ");
    if (reason === "") content = anew;
    else if (reason !== said)
      log.warn({ reason }, "what was read at the start stays, since its file cannot be used now");
    said = reason;
    return content;
  };
}
