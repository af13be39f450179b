/** Why an HTTP request got no whole answer, in words. */
export function whyNoAnswer(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error.cause instanceof Error ? error.cause : error;
  // So Node says that a connection ended in the middle of an answer.
  return message === "aborted" ? "its answer breaks off" : message || String(Reflect.get(error, "code"));
}
