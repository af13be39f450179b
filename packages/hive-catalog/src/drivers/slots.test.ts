import { expect, test } from "vitest";
import { turnOfTheLoop } from "../event-loop.ts";
import { Slots } from "./slots.ts";

test("it is held in the order in which it was asked for, by one at a time", async () => {
  const turn = new Slots(1);
  const order: string[] = [];
  const work = async (name: string) => {
    await turn.take();
    order.push(`${name} begins`);
    await turnOfTheLoop();
    order.push(`${name} ends`);
    turn.release();
  };
  const early = Promise.all([work("1"), work("2"), work("3")]);
  await turnOfTheLoop();
  await Promise.all([early, work("4")]);
  await work("5");
  expect(order).toEqual(["1", "2", "3", "4", "5"].flatMap((name) => [`${name} begins`, `${name} ends`]));
});

test("nobody waits for one that is free", async () => {
  const turn = new Slots(1);
  expect(turn.take()).toBeUndefined();
  const next = turn.take();
  turn.release();
  await next;
  turn.release();
  expect(turn.take()).toBeUndefined();
});

test("one that has come in is not put out by its signal, and nobody else is put out in its place", async () => {
  const turn = new Slots(1);
  const leaving = new AbortController();
  turn.take();
  const second = turn.take(leaving.signal);
  const third = turn.take();
  turn.release();
  await second;
  leaving.abort();
  turn.release();
  await third;
});
