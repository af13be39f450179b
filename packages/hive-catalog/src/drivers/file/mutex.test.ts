import { expect, test } from "vitest";
import { turnOfTheLoop } from "../../event-loop.ts";
import { Mutex } from "./mutex.ts";

test("it is held in the order in which it was asked for, by one at a time", async () => {
  const mutex = new Mutex();
  const order: string[] = [];
  const work = async (name: string) => {
    await mutex.take();
    order.push(`${name} begins`);
    await turnOfTheLoop();
    order.push(`${name} ends`);
    mutex.release();
  };
  const early = Promise.all([work("1"), work("2"), work("3")]);
  await turnOfTheLoop();
  await Promise.all([early, work("4")]);
  await work("5");
  expect(order).toEqual(["1", "2", "3", "4", "5"].flatMap((name) => [`${name} begins`, `${name} ends`]));
});

test("nobody waits for one that is free", async () => {
  const mutex = new Mutex();
  expect(mutex.take()).toBeUndefined();
  const next = mutex.take();
  mutex.release();
  await next;
  mutex.release();
  expect(mutex.take()).toBeUndefined();
});
