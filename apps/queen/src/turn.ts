import { setImmediate as immediate } from "node:timers/promises";

/**
 * Lets the event loop do what waits. Two immediates: what an answer sets off runs before the first one, and timers and sockets have their
 * turn only after it.
 */
export async function turnOfTheLoop(): Promise<void> {
  await immediate();
  await immediate();
}
