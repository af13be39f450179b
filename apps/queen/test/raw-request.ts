import { once } from "node:events";
import { connect } from "node:net";
import { checkContract } from "./contract.ts";

interface Exchanged {
  status: number;
  headers: string;
  body: Record<string, unknown>;
}

/** Sends these bytes on a connection of their own, and reads the answer until the queen closes it. */
export async function exchange(port: number, request: string): Promise<Exchanged> {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  let text = "";
  socket.on("data", (chunk: string) => {
    text += chunk;
  });
  // A queen that answers before it has read everything may cut the rest off.
  socket.on("error", () => undefined);
  socket.write(request);
  await once(socket, "close");
  const [head = "", json = ""] = text.split("\r\n\r\n");
  const headers = head.toLowerCase();
  const answer = { status: Number(head.split(" ")[1]), headers, body: JSON.parse(json || "{}") };
  const [method = "", url = ""] = request.split(" ");
  checkContract({ ...answer, method, url, type: /^content-type: (.*)$/m.exec(headers)?.[1]?.trim() });
  return answer;
}
