/** An agent that was started, and may not listen yet. */
export interface Starting {
  /** Why it ended, once it has. */
  whyEnded(): Promise<string | undefined>;
  /** Ends it, and what would start it again. */
  giveUp(): Promise<void>;
}

const MAX_SAID = 1000;

/** The last that an agent said, without its name before each line. */
export const lastWords = (text: string): string =>
  text
    .replace(/^hive: /gm, "")
    .trim()
    .slice(-MAX_SAID);
