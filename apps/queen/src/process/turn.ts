import { setImmediate as immediate } from "node:timers/promises";

/**
 * Lets everything that waits have the event loop: one whole turn of it at least. What an answer sets off runs between the sockets and the first
 * immediate of the same turn, with no timer and no socket in between: hence two.
 */
export async function wholeTurn(): Promise<void> {
  await immediate();
  await immediate();
}
