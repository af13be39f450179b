import { type How, readEvents } from "./events.ts";
import { type Call, type QueenClientOptions, Requests } from "./requests.ts";
import type { Answer, Body, QueenEvent, Query, Schema } from "./types.ts";
import { wait } from "./waiting.ts";

type Lists = "listFleet" | "listHives" | "listLabels" | "listOperations" | "listCordons" | "listModels" | "listTokens";
type Paged<Name extends Lists> = Omit<Query<Name>, "after">;

/** What of the events is read, and until when. */
export interface EventQuery extends Omit<Query<"readEvents">, "after">, Partial<How> {
  /** The id of an event, or the `position` of a list: what happened since comes first. Without it, what happens from now on. */
  readonly after?: string | undefined;
}

/**
 * A queen over HTTP. A method is called as its operation in openapi.json, and takes and answers what stands there. What she refuses rejects with
 * QueenProblem, and where no queen answers, with QueenNoAnswer.
 */
export class QueenClient {
  readonly #requests: Requests;

  constructor(options: QueenClientOptions) {
    this.#requests = new Requests(options);
  }

  /** One page, in any order. */
  listFleet(query: Query<"listFleet"> = {}, call?: Call): Promise<Schema<"FleetPage">> {
    return this.#requests.json("get", "/v1/fleet", { query }, call);
  }
  fleetPages(query: Paged<"listFleet"> = {}, call?: Call): AsyncGenerator<Schema<"FleetPage">, void, undefined> {
    return pages((after) => this.listFleet({ ...query, ...after }, call));
  }
  /** One page. */
  listHives(query: Query<"listHives"> = {}, call?: Call): Promise<Schema<"HivePage">> {
    return this.#requests.json("get", "/v1/hives", { query }, call);
  }
  /** Every page, read as it is asked for. One may be empty although there are more. */
  hivePages(query: Paged<"listHives"> = {}, call?: Call): AsyncGenerator<Schema<"HivePage">, void, undefined> {
    return pages((after) => this.listHives({ ...query, ...after }, call));
  }
  addHive(hive: Body<"addHive">, call?: Call): Promise<Schema<"StoredHive">> {
    return this.#requests.json("post", "/v1/hives", { body: hive }, call);
  }
  /** Adds many, up to 1,000, and tells what came of each, in their order; the last line counts. */
  addHives(hives: readonly Body<"addHive">[], call?: Call): AsyncGenerator<Schema<"AddedLine">, void, undefined> {
    const body = hives.map((hive) => JSON.stringify(hive)).join("\n");
    return this.#requests.lines("post", "/v1/hives", { body, type: "application/x-ndjson" }, call);
  }
  getHive(id: string, call?: Call): Promise<Schema<"StoredHive">> {
    return this.#requests.json("get", "/v1/hives/{id}", { path: { id } }, call);
  }
  replaceHive(id: string, hive: Body<"replaceHive">, call?: Call): Promise<Schema<"StoredHive">> {
    return this.#requests.json("put", "/v1/hives/{id}", { path: { id }, body: hive }, call);
  }
  changeHive(id: string, changes: Body<"changeHive">, call?: Call): Promise<Schema<"StoredHive">> {
    return this.#requests.json("patch", "/v1/hives/{id}", { path: { id }, body: changes }, call);
  }
  removeHive(id: string, query: Query<"removeHive"> = {}, call?: Call): Promise<undefined> {
    return this.#requests.json("delete", "/v1/hives/{id}", { path: { id }, query }, call);
  }
  getHiveState(id: string, call?: Call): Promise<Schema<"HiveState">> {
    return this.#requests.json("get", "/v1/hives/{id}/state", { path: { id } }, call);
  }
  explainLiveness(id: string, call?: Call): Promise<Schema<"HiveLiveness">> {
    return this.#requests.json("get", "/v1/hives/{id}/liveness", { path: { id } }, call);
  }
  setDevices(id: string, devices: Body<"setDevices">, call?: Call): Promise<Answer<"setDevices">> {
    return this.#requests.json("put", "/v1/hives/{id}/devices", { path: { id }, body: devices }, call);
  }
  detectDevices(id: string, call?: Call): Promise<Schema<"DetectedDevices">> {
    return this.#requests.json("post", "/v1/hives/{id}/devices", { path: { id } }, call);
  }
  cordonHive(id: string, cordon: Body<"cordonHive">, call?: Call): Promise<Answer<"cordonHive">> {
    return this.#requests.json("post", "/v1/hives/{id}/cordon", { path: { id }, body: cordon }, call);
  }
  uncordonHive(id: string, call?: Call): Promise<Answer<"uncordonHive">> {
    return this.#requests.json("post", "/v1/hives/{id}/uncordon", { path: { id } }, call);
  }
  /** One page of the cordons in force. */
  listCordons(query: Query<"listCordons"> = {}, call?: Call): Promise<Answer<"listCordons">> {
    return this.#requests.json("get", "/v1/cordons", { query }, call);
  }
  cordonPages(query: Paged<"listCordons"> = {}, call?: Call): AsyncGenerator<Answer<"listCordons">, void, undefined> {
    return pages((after) => this.listCordons({ ...query, ...after }, call));
  }
  /** Does one thing to many hives, and tells of each as it goes; the last line counts. Whoever reads no further ends what has not begun. */
  actOnHives(
    action: Body<"actOnHives">,
    query: Query<"actOnHives"> = {},
    call?: Call,
  ): AsyncGenerator<Schema<"ActionLine">, void, undefined> {
    return this.#requests.lines("post", "/v1/hives/actions", { body: action, query }, call);
  }
  /** One page of the keys of labels. */
  listLabels(query: Query<"listLabels"> = {}, call?: Call): Promise<Answer<"listLabels">> {
    return this.#requests.json("get", "/v1/labels", { query }, call);
  }
  labelPages(query: Paged<"listLabels"> = {}, call?: Call): AsyncGenerator<Answer<"listLabels">, void, undefined> {
    return pages((after) => this.listLabels({ ...query, ...after }, call));
  }

  installHive(id: string, call?: Call): Promise<Schema<"Operation">> {
    return this.#requests.json("post", "/v1/hives/{id}/install", { path: { id } }, call);
  }
  startHive(id: string, call?: Call): Promise<Schema<"Operation">> {
    return this.#requests.json("post", "/v1/hives/{id}/start", { path: { id } }, call);
  }
  stopHive(id: string, call?: Call): Promise<Schema<"Operation">> {
    return this.#requests.json("post", "/v1/hives/{id}/stop", { path: { id } }, call);
  }
  restartHive(id: string, call?: Call): Promise<Schema<"Operation">> {
    return this.#requests.json("post", "/v1/hives/{id}/restart", { path: { id } }, call);
  }
  /** One page. */
  listOperations(query: Query<"listOperations"> = {}, call?: Call): Promise<Schema<"OperationPage">> {
    return this.#requests.json("get", "/v1/operations", { query }, call);
  }
  operationPages(
    query: Paged<"listOperations"> = {},
    call?: Call,
  ): AsyncGenerator<Schema<"OperationPage">, void, undefined> {
    return pages((after) => this.listOperations({ ...query, ...after }, call));
  }
  getOperation(operation: string, call?: Call): Promise<Schema<"Operation">> {
    return this.#requests.json("get", "/v1/operations/{operation}", { path: { operation } }, call);
  }
  cancelOperation(operation: string, call?: Call): Promise<Schema<"Operation">> {
    return this.#requests.json("post", "/v1/operations/{operation}/cancel", { path: { operation } }, call);
  }
  getHostKeys(id: string, call?: Call): Promise<Schema<"PinnedHostKeys">> {
    return this.#requests.json("get", "/v1/hives/{id}/ssh-host-key", { path: { id } }, call);
  }
  scanHostKeys(id: string, call?: Call): Promise<Schema<"HostKeys">> {
    return this.#requests.json("post", "/v1/hives/{id}/ssh-host-key/scan", { path: { id } }, call);
  }
  confirmHostKey(id: string, key: Body<"confirmHostKey">, call?: Call): Promise<Schema<"PinnedHostKey">> {
    return this.#requests.json("post", "/v1/hives/{id}/ssh-host-key", { path: { id }, body: key }, call);
  }
  forgetHostKey(id: string, call?: Call): Promise<undefined> {
    return this.#requests.json("delete", "/v1/hives/{id}/ssh-host-key", { path: { id } }, call);
  }

  sendHeartbeat(heartbeat: Body<"sendHeartbeat">, call?: Call): Promise<Answer<"sendHeartbeat">> {
    return this.#requests.json("post", "/v1/heartbeat", { body: heartbeat }, call);
  }

  findWorkers(query: Query<"findWorkers"> = {}, call?: Call): Promise<Answer<"findWorkers">> {
    return this.#requests.json("get", "/v1/workers", { query }, call);
  }
  findBestWorker(query: Query<"findBestWorker">, call?: Call): Promise<Answer<"findBestWorker">> {
    return this.#requests.json("get", "/v1/workers/best", { query }, call);
  }
  claimWorker(claim: Body<"claimWorker">, call?: Call): Promise<Schema<"Claim">> {
    return this.#requests.json("post", "/v1/workers/claims", { body: claim }, call);
  }
  releaseClaim(claim: string, call?: Call): Promise<undefined> {
    return this.#requests.json("delete", "/v1/workers/claims/{claim}", { path: { claim } }, call);
  }
  /** One page. */
  listModels(query: Query<"listModels"> = {}, call?: Call): Promise<Answer<"listModels">> {
    return this.#requests.json("get", "/v1/models", { query }, call);
  }
  modelPages(query: Paged<"listModels"> = {}, call?: Call): AsyncGenerator<Answer<"listModels">, void, undefined> {
    return pages((after) => this.listModels({ ...query, ...after }, call));
  }

  /** As whom the queen lets this client in, and her settings. */
  getMe(call?: Call): Promise<Schema<"Me">> {
    return this.#requests.json("get", "/v1/me", {}, call);
  }
  /** In a browser, which keeps the cookie by itself; the key that is answered is for a client of its own. */
  logIn(shown: Body<"logIn">, call?: Call): Promise<Schema<"SessionBegun">> {
    return this.#requests.json("post", "/v1/session", { body: shown }, call);
  }
  getSession(call?: Call): Promise<Schema<"Session">> {
    return this.#requests.json("get", "/v1/session", {}, call);
  }
  logOut(call?: Call): Promise<undefined> {
    return this.#requests.json("delete", "/v1/session", {}, call);
  }
  makeLoginCode(call?: Call): Promise<Schema<"LoginCode">> {
    return this.#requests.json("post", "/v1/session/codes", {}, call);
  }
  /** One page. */
  listTokens(query: Query<"listTokens"> = {}, call?: Call): Promise<Answer<"listTokens">> {
    return this.#requests.json("get", "/v1/tokens", { query }, call);
  }
  tokenPages(query: Paged<"listTokens"> = {}, call?: Call): AsyncGenerator<Answer<"listTokens">, void, undefined> {
    return pages((after) => this.listTokens({ ...query, ...after }, call));
  }
  createToken(token: Body<"createToken">, call?: Call): Promise<Schema<"TokenMade">> {
    return this.#requests.json("post", "/v1/tokens", { body: token }, call);
  }
  revokeToken(token: string, call?: Call): Promise<undefined> {
    return this.#requests.json("delete", "/v1/tokens/{token}", { path: { token } }, call);
  }

  countHives(call?: Call): Promise<Answer<"countHives">> {
    return this.#requests.json("get", "/v1/counts", {}, call);
  }
  getHealth(call?: Call): Promise<Answer<"getHealth">> {
    return this.#requests.json("get", "/health", {}, call);
  }
  /** Rejects with NOT_READY, which says why, while she cannot serve: asked once, because that is an answer. */
  isReady(call?: Call): Promise<Answer<"isReady">> {
    return this.#requests.json("get", "/health/ready", {}, call, { maxRepeats: 0 });
  }
  confirmMassFailure(call?: Call): Promise<Answer<"confirmMassFailure">> {
    return this.#requests.json("post", "/v1/liveness/confirm", {}, call);
  }
  /**
   * What happens to the fleet, for as long as it is read and the signal is not given. A connection that is lost is made anew from the last event
   * on; where some were missed, the next is `gap`. Throws what the queen refuses for good, such as a token that is none of hers.
   */
  readEvents(query: EventQuery = {}): AsyncGenerator<QueenEvent, void, undefined> {
    const { after, signal = new AbortController().signal, ...rest } = query;
    const { onConnection, onPlace, silenceMs, maxRetryMs, ...filter } = rest;
    const open = (place: string | undefined, stop: AbortSignal) => {
      const headers = place ? { "last-event-id": place } : {};
      const request = { accept: "text/event-stream", query: filter, headers };
      return this.#requests.stream("get", "/v1/events", request, { signal: stop });
    };
    const how = { after, signal, onConnection, onPlace, silenceMs, maxRetryMs };
    return readEvents({ open, wait, random: Math.random }, how);
  }
}

/** The pages of a list, as long as one says where to go on: in an answer of an older queen, which has no pages, nothing does. */
async function* pages<Page extends { next_after: string | null }>(
  read: (after: { after?: string }) => Promise<Page>,
): AsyncGenerator<Page, void, undefined> {
  let after: string | null = null;
  do {
    const page: Page = await read(after === null ? {} : { after });
    yield page;
    after = page.next_after ?? null;
  } while (after !== null);
}
