import type { Page } from "playwright-core";

/** All that a page can have a browser send to another place, in a script that runs in it. `HIVE` is one that the queen has. */
const ATTACKS = `async (queen) => {
  const hive = queen + "/v1/hives/hive-a";
  const send = (url, init) => fetch(url, { credentials: "include", ...init }).then(async (r) => await r.text(), () => undefined);
  const settled = (element, events) => new Promise((done) => {
    for (const event of events) element.addEventListener(event, done, { once: true });
  });
  const load = async (name, url) => {
    const element = document.createElement(name);
    const loaded = settled(element, ["load", "error"]);
    element.src = url;
    document.body.append(element);
    await loaded;
  };
  const submit = async (method, action, enctype) => {
    const frame = document.createElement("iframe");
    frame.name = "frame-" + Math.random();
    document.body.append(frame);
    const form = document.createElement("form");
    Object.assign(form, { method, action, enctype, target: frame.name });
    const field = document.createElement("input");
    Object.assign(field, { name: '{"reason":"attack","a":"', value: '"}' });
    form.append(field);
    document.body.append(form);
    const loaded = settled(frame, ["load"]);
    form.submit();
    await loaded;
  };
  const json = { method: "POST", body: '{"reason":"attack"}' };
  const read = [
    await send(queen + "/v1/hives"),
    await send(queen + "/v1/hives", { mode: "no-cors" }),
    await send(hive + "/cordon", { ...json, mode: "no-cors" }),
    await send(hive + "/cordon", { ...json, headers: { "content-type": "application/json" } }),
    await send(hive + "/cordon", { ...json, headers: { "content-type": "application/json", "x-queen-key": "A" } }),
    await send(hive, { method: "DELETE" }),
    await send(queen + "/v1/session", { method: "POST", mode: "no-cors", body: '{"code":"A"}' }),
  ];
  for (const enctype of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    await submit("POST", hive + "/cordon", enctype);
  }
  await submit("GET", queen + "/v1/hives", "text/plain");
  await load("img", queen + "/v1/hives");
  await load("script", queen + "/v1/counts");
  await load("iframe", queen + "/v1/events");
  const events = new EventSource(queen + "/v1/events", { withCredentials: true });
  let told = "";
  events.addEventListener("hello", (event) => { told = event.data; });
  await settled(events, ["error", "hello"]);
  events.close();
  return [...read, told].filter((text) => text !== undefined && text !== "").join(" ");
}`;

/** Does all of it to the queen at `origin`, from within a page; resolves to what the page could read of her answers. */
export const attack = (page: Page, origin: string): Promise<string> =>
  page.evaluate(`(${ATTACKS})(${JSON.stringify(origin)})`);
