/** File descriptors or memory: that there are none says nothing of what was to be read. */
const EXHAUSTED = ["EMFILE", "ENFILE", "ENOMEM"];

/** Throws the error of a reading again where means were lacking: whatever could not be read otherwise is not there, or not for this user. */
export function unlessExhausted(error: unknown): undefined {
  if (error instanceof Error && "code" in error && EXHAUSTED.includes(String(error.code))) throw error;
}
