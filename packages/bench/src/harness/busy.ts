/** What other work takes of every turn of the event loop. */
export const BUSY_MS = 1;

/** Other work, from now on until it is ended. */
export function beBusy(): { end: () => void } {
  let isEnded = false;
  const turn = () => {
    if (isEnded) return;
    for (const untilMs = performance.now() + BUSY_MS; performance.now() < untilMs; );
    setImmediate(turn);
  };
  turn();
  return {
    end: () => {
      isEnded = true;
    },
  };
}
