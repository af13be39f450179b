import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { startTestQueen } from "../../../test/test-queen.ts";
import { DEFAULT_LIMITS } from "../../config/settings.ts";

/** An address of its own, whose ports no other program takes meanwhile. */
const CALLER = "127.0.0.22";

const closeOf = (socket: Socket) =>
  new Promise<void>((resolve) => {
    if (socket.closed) resolve();
    else socket.once("close", () => resolve());
  });

test("a connection from the port of one that was broken off, before the queen has noticed that, counts no longer than it is there", async () => {
  await using queen = await startTestQueen({ limits: { ...DEFAULT_LIMITS, maxConnectionsPerAddress: 2 } });
  const { server } = queen.app;
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = server.address() as AddressInfo;
  /** Both ends of a connection, from a port that the caller chooses, as a router does that has few. */
  const open = async (localPort = 0) => {
    const own = connect({ host: "127.0.0.1", port, localAddress: CALLER, localPort }).on("error", () => undefined);
    const [[theirs]] = (await Promise.all([once(server, "connection"), once(own, "connect")])) as [[Socket], unknown];
    return { own, theirs, closed: closeOf(theirs) };
  };
  const ask = async ({ own }: { own: Socket }) => {
    own.write("GET /v1/counts HTTP/1.1\r\nhost: localhost\r\n\r\n");
    const [answer] = await Promise.race([once(own, "data"), closeOf(own).then(() => ["no answer"])]);
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
  };
  for (const asks of [false, false, true, true]) {
    const first = await open();
    first.theirs.pause();
    const { localPort } = first.own;
    first.own.resetAndDestroy();
    const second = await open(localPort);
    first.theirs.resume();
    await first.closed;
    // Whoever asks has proven something, and counts no more.
    if (asks) await ask(second);
    else {
      second.own.destroy();
      await second.closed;
    }
  }
  await open();
  await ask(await open());
});
