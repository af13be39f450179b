/** Tells an observer, who may be an async function: what he throws must not take along what he is told of. */
export function tell<Value>(observer: ((value: Value) => unknown) | undefined, value: Value): void {
  try {
    const told = observer?.(value);
    if (told instanceof Promise) told.catch(warn);
  } catch (error) {
    warn(error);
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
