/** An agent has little to remember and all day to clear up. Left to itself, Node lets what is done with pile up to ten times of what is kept. */
export const NODE_FLAGS = ["--max-semi-space-size=1", "--optimize-for-size"];

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
