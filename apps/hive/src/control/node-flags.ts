/** An agent has little to remember and all day to clear up. Left to itself, Node lets what is done with pile up to ten times of what is kept. */
export const NODE_FLAGS = ["--max-semi-space-size=1", "--optimize-for-size"];
