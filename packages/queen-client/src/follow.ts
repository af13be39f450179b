/** What is to be called when a signal comes, by that signal. */
const waiting = new WeakMap<AbortSignal, Waiting>();

interface Waiting {
  readonly stops: Set<() => void>;
  /** The one listener for all of them: Node 20 warns of more than ten at one signal. */
  readonly listener: () => void;
}

/**
 * Calls `stop`, which is nobody else's, when the signal comes, at once where it has come already. Returns what ends that. Not by `AbortSignal.any`, of which Node 20 and 22 keep
 * something for as long as the given signal lives: a program may have one for all its calls.
 */
export function follow(signal: AbortSignal, stop: () => void): () => void {
  if (signal.aborted) {
    stop();
    return () => undefined;
  }
  const { stops, listener } = waiting.get(signal) ?? begin(signal);
  stops.add(stop);
  return () => {
    stops.delete(stop);
    if (stops.size > 0) return;
    signal.removeEventListener("abort", listener);
    waiting.delete(signal);
  };
}

function begin(signal: AbortSignal): Waiting {
  const stops = new Set<() => void>();
  const listener = () => {
    for (const stop of stops) stop();
  };
  const begun = { stops, listener };
  waiting.set(signal, begun);
  signal.addEventListener("abort", listener, { once: true });
  return begun;
}
