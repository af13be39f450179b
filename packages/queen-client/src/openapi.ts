// Made from apps/queen/openapi.json by pnpm client:generate: change the routes of the queen instead.
export interface paths {
    "/v1/hives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List hives by id, page by page: all, or those for which all holds that is asked
         * @description A page may be short, or empty, although there are more: `next_after` says where to go on, with the same query.
         *
         *     Needs a reader's token, or an operator's.
         */
        get: operations["listHives"];
        put?: never;
        /**
         * Add a hive
         * @description `id`, `host` and `port` are required. A hive never registers itself.
         *
         *     As `application/x-ndjson` the body has a hive in each line, at most 1000, and is answered 200 with a line for each in their order and a last one with the counts. A byte order mark before a line is skipped. A line that is refused keeps none of the others back; after a failure of the catalog itself, or when the caller's token has ended, the others are not tried.
         *
         *     Needs an operator's token.
         */
        post: operations["addHive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fleet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All that is known of hives in one answer, page by page, in any order
         * @description A page may be short, or empty, although there are more: `next_after` says where to go on, with the same query. No hive comes twice. In an order whose values change, one that moved since the first page is left out: the events after its `position` tell it.
         *
         *     Needs a reader's token, or an operator's.
         */
        get: operations["listFleet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a hive
         * @description Needs a reader's token, or an operator's.
         */
        get: operations["getHive"];
        /**
         * Replace a hive
         * @description What is left out becomes what it is for a new hive, but for what the queen finds out by herself: `status` and `devices` stay as they are unless they are named; without `labels` it has none then. Times are checked and then ignored. A field that is sent back as it is stored is held to no rule. Never creates a hive.
         *
         *     Needs an operator's token.
         */
        put: operations["replaceHive"];
        post?: never;
        /**
         * Remove a hive
         * @description Not while an operation on it runs, nor while its agent runs because the queen started it: stop it first. A damaged record can be removed, too.
         *
         *     Needs an operator's token.
         */
        delete: operations["removeHive"];
        options?: never;
        head?: never;
        /**
         * Change the fields that are named
         * @description A JSON merge patch at the top level: `devices` is replaced as a whole, `labels` are merged key by key, null clears. A field that is sent back as it is stored is held to no rule.
         *
         *     Needs an operator's token.
         */
        patch: operations["changeHive"];
        trace?: never;
    };
    "/v1/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The keys of labels that hives have, with their values and with how many hives have them
         * @description Needs a reader's token, or an operator's.
         */
        get: operations["listLabels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/{id}/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Store the devices that an operator writes
         * @description Needs an operator's token.
         */
        put: operations["setDevices"];
        /**
         * Ask the hive for its devices now, and store them
         * @description Needs an operator's token.
         */
        post: operations["detectDevices"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/{id}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the last heartbeat of a hive said
         * @description Needs a reader's token, or an operator's.
         */
        get: operations["getHiveState"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/{id}/liveness": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Why a hive is online or not, and whether it gets work
         * @description Needs a reader's token, or an operator's.
         */
        get: operations["explainLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/liveness/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm that the missing hives are gone
         * @description Ends a mass failure or a loss of the network: the hives are marked offline with the next sweep.
         *
         *     Needs an operator's token.
         */
        post: operations["confirmMassFailure"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/cordons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the cordons that are in force, by hive, page by page
         * @description One that another program damaged stays in force; its reason says so.
         *
         *     Needs a reader's token, or an operator's.
         */
        get: operations["listCordons"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/{id}/cordon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a hive no new work
         * @description It is watched as ever, and never the best worker's. In place of an earlier cordon. Ends at `until` or `until_ms`, after `for`, or when it is lifted.
         *
         *     Needs an operator's token.
         */
        post: operations["cordonHive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/{id}/uncordon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a hive new work again
         * @description Needs an operator's token.
         */
        post: operations["uncordonHive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/{id}/install": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Install the agent of a hive and start it
         * @description Over SSH where the hive has an `ssh_host`, on the machine of the queen where it has none and is at a loopback address. The agent gets a token of its own; those of former installations are revoked.
         *
         *     Needs an operator's token.
         */
        post: operations["installHive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/{id}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start the agent of a hive
         * @description One that runs already stays as it is. Ends with the detection of devices.
         *
         *     Needs an operator's token.
         */
        post: operations["startHive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop the agent of a hive
         * @description The hive is offline from then on, until its next sign.
         *
         *     Needs an operator's token.
         */
        post: operations["stopHive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/{id}/restart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop the agent of a hive and start it again
         * @description Ends with the detection of devices.
         *
         *     Needs an operator's token.
         */
        post: operations["restartHive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List operations, the newest first, page by page: all, or those for which all holds that is asked
         * @description A page may be short, or empty, although there are more: `next_after` says where to go on, with the same query.
         *
         *     Needs a reader's token, or an operator's.
         */
        get: operations["listOperations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/{operation}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read an operation
         * @description Needs a reader's token, or an operator's.
         */
        get: operations["getOperation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/{operation}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End an operation that runs
         * @description What its steps did stays done; a command that was sent to the host may still run to its end there.
         *
         *     Needs an operator's token.
         */
        post: operations["cancelOperation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/actions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Do one thing to many hives
         * @description Which hives: `ids`, or what `GET /v1/hives` takes, and then at most `limit`, by id, and beside them those that cannot be read, which fail; `next_after` of the last line says where to go on with the same body. At most
         *     `parallel` are worked on at a time, and none keeps another back. With a dry run nothing changes. An operation (install, start, stop, restart) counts until it has ended; its hive is told
         *     when it has begun or, with `wait=true`, when it has ended, with its steps before. Whoever leaves, or whose token ends, ends what has not begun; what has begun is finished, and operations go on.
         *
         *     Needs an operator's token.
         */
        post: operations["actOnHives"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/{id}/ssh-host-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the SSH host keys that are pinned for a hive
         * @description Needs a reader's token, or an operator's.
         */
        get: operations["getHostKeys"];
        put?: never;
        /**
         * Confirm the SSH host key of a hive by its fingerprint
         * @description Compare it with what `ssh-keygen -lf` says on the host itself. From then on no other key is accepted.
         *
         *     Needs an operator's token.
         */
        post: operations["confirmHostKey"];
        /**
         * Forget the SSH host keys of a hive
         * @description For a host that was set up anew: its next connection needs a confirmation again.
         *
         *     Needs an operator's token.
         */
        delete: operations["forgetHostKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hives/{id}/ssh-host-key/scan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask the host of a hive for its SSH host keys
         * @description Needs an operator's token.
         */
        post: operations["scanHostKeys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that a hive is there, and which workers it runs
         * @description Answered once the beat is on disk. `workers` replaces those of the beat before. Further fields are ignored. An optional field that cannot be used counts as unknown, and an entry of a list that cannot be used is left out: only `hive_id` must be right, and `workers` a list.
         *
         *     Needs the token of the hive, or an operator's.
         */
        post: operations["sendHeartbeat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Workers of live hives that match all of the query, in no order
         * @description Needs a reader's token, or an operator's.
         */
        get: operations["findWorkers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/workers/best": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The idle, healthy, least loaded worker of an online hive for a model
         * @description Each answer counts as a piece of work that was handed out, until the hive has looked at its servers again: callers who ask between two beats get different workers, and one whose slots are full is left out. A `model` without a tag is the one with `:latest`, as Ollama has it, where nothing is named just so.
         *
         *     Needs a reader's token, or an operator's.
         */
        get: operations["findBestWorker"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/workers/claims": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Be promised a worker for a while
         * @description The best worker for the model, of which no more is promised and handed out than it has slots: one that does not say both `running` and `slots` is promised to one caller alone. Held in memory: a queen that is restarted knows no claims, and two queens on one catalog know nothing of each other's. The last word is the server's: be ready for its 503.
         *
         *     Needs a reader's token, or an operator's.
         */
        post: operations["claimWorker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/workers/claims/{claim}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Give a claim back before it ends
         * @description Whose token made it, or an operator's.
         *
         *     Needs a reader's token, or an operator's.
         */
        delete: operations["releaseClaim"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The models that live hives serve or have on disk, by name, page by page
         * @description Needs a reader's token, or an operator's.
         */
        get: operations["listModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Hives in all and by status
         * @description Needs a reader's token, or an operator's.
         */
        get: operations["countHives"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read as whom the queen lets the caller in, and her settings
         * @description Needs a token, of any role.
         */
        get: operations["getMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the own session
         * @description Needs a reader's token, or an operator's.
         */
        get: operations["getSession"];
        put?: never;
        /**
         * Log a browser in
         * @description Answers a cookie, `queen_session` (`__Host-queen_session` with `Secure` over TLS, and where QUEEN_PUBLIC_URL begins with https), which the browser sends by itself from then on: an event stream needs no more.
         *     With the cookie alone a caller is a reader, whatever its token. Every method but GET and HEAD, and whatever is for operators, needs the header `x-queen-key` too.
         *     A token has 16 sessions at most, and all have 4,096: one more ends the one that would end first. Each attempt counts as a request without a token. A hive's token is refused.
         *
         *     Needs no token.
         */
        post: operations["logIn"];
        /**
         * Log out
         * @description Needs a reader's token, or an operator's.
         */
        delete: operations["logOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session/codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a code with which a browser logs in once, within a minute
         * @description For a command that opens the page: the code goes into the fragment of its address, which no log has. It is of this queen alone, and gone when she ends. A token has 8 at most: one more ends its oldest. A session, which would outlive itself so, is refused.
         *
         *     Needs a reader's token, or an operator's.
         */
        post: operations["makeLoginCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List tokens, page by page in the order in which they were made, revoked ones too
         * @description Needs an operator's token.
         */
        get: operations["listTokens"];
        put?: never;
        /**
         * Make a token
         * @description It works at once. The first that is not a hive's locks the door of a queen that was open, at once, so that hives without one of their own are refused, and must be an operator's that never expires: keep what is answered, or make another one on her machine.
         *
         *     Needs an operator's token.
         */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a token
         * @description By its id. It ends its sessions and event streams: here at once, at every other queen of the catalog within 2 seconds. The last one of an operator that is in force stays, because nobody could come in without it over the network, and one that will expire is no other: make another one first, or revoke it with `pnpm queen token revoke` on the machine that has the catalog.
         *
         *     Needs an operator's token.
         */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the queen runs, since when, and what she makes of the fleet
         * @description Needs no token, and is held to no rate.
         */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the queen runs: if not, restart her
         * @description Needs no token, and is held to no rate.
         */
        get: operations["isLive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the queen can serve: her catalog can be read and changed, and she is not stopping
         * @description Needs no token, and is held to no rate.
         */
        get: operations["isReady"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens to the fleet, as it happens
         * @description Server-sent events. Each has an `id` of the form `<start>-<n>`: `start` is another one after each start of the queen, `n` counts from 1.
         *     `data` is JSON, by the schema of the type: `StatusEvent` of `status`, `HiveAddedEvent` of `hive_added`, and so on. Events of a hive have `row`, but for `operation_step`: the hive as `GET /v1/fleet` shows it
         *     when the event is sent, null when it is in the catalog no more; where `row` is missing it cannot be read now.
         *
         *     A new reader first gets `hello` (`HelloEvent`) and then what happens from then on. One that comes back with `Last-Event-ID` or `after` gets what it has missed; what is
         *     no longer kept, or happened before the queen was restarted, is said as `gap` (`GapEvent`). Every 2 s, and when that was all, comes an `id` without data, from which to go on. A reader that does not keep up is cut off.
         *
         *     Needs a reader's token, or an operator's.
         */
        get: operations["readEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics for Prometheus
         * @description Needs a reader's token, or an operator's.
         */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * This document
         * @description Needs no token.
         */
        get: operations["getOpenApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * This document as a page, which needs no other server
         * @description Needs no token.
         */
        get: operations["getDocs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What that page loads
         * @description Needs no token.
         */
        get: operations["getDocsFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lead a browser to the page
         * @description Needs no token.
         */
        get: operations["openPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ui": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The page of the queen: the fleet, and what can be done with it
         * @description Needs no token.
         */
        get: operations["getPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ui/{view}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One of its views
         * @description Needs no token.
         */
        get: operations["getPageView"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ui/{view}/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One of its views, of one hive or operation
         * @description Needs no token.
         */
        get: operations["getPageViewOf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ui/assets/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the page loads
         * @description Needs no token.
         */
        get: operations["getPageFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        /** @enum {string} */
        HiveStatus: "unknown" | "online" | "offline";
        HivePage: {
            /** @description By id */
            hives: components["schemas"]["StoredHive"][];
            /** @description `after` of the next page; null when this is the last one */
            next_after: string | null;
            /** @description Rows of this page that another program damaged, and that are left out */
            damaged: {
                id: string;
                column: string;
                problem: string;
            }[];
        };
        /** @description A hive, as the catalog stores it, and its labels */
        StoredHive: {
            id: string;
            host: string;
            port: number;
            ssh_host: string | null;
            ssh_port: number | null;
            ssh_user: string | null;
            status: components["schemas"]["HiveStatus"];
            last_heartbeat_ms: number | null;
            devices: {
                cpu: {
                    cores: number;
                    ram_gb: number;
                } | null;
                gpus: components["schemas"]["StoredGpu"][] | null;
            } | null;
            /** @description Milliseconds since 1970-01-01 UTC */
            created_at_ms: number;
            /** @description Milliseconds since 1970-01-01 UTC */
            updated_at_ms: number;
            labels: {
                [key: string]: string;
            };
        };
        StoredGpu: {
            /** @description Index of the GPU on its host: 0, 1, 2, … */
            index: number;
            name: string;
            /** @description GB of 2^30 bytes of its own memory, rounded; null where that is not known */
            vram_gb: number | null;
            /** @description What its driver calls it wherever it is plugged in, such as "GPU-5a2e…" */
            uuid?: string;
            /** @description Who made it, such as "nvidia" */
            vendor?: string;
            /** @description What its host drives it with, such as "cuda" */
            backend?: string;
            /** @description Whether it works in the memory of the host, which then is the bound */
            unified?: boolean;
        };
        FleetPage: {
            /** @description In the order that was asked for */
            hives: components["schemas"]["FleetRow"][];
            /** @description `after` of the next page; null when this is the last one */
            next_after: string | null;
            totals: components["schemas"]["FleetTotals"];
            /** @description The id of the newest event before anything of this page was read: `GET /v1/events?after=` with that of the first page tells all that came since */
            position: string;
            /** @description Rows of this page that another program damaged, and that are left out */
            damaged: {
                id: string;
                column: string;
                problem: string;
            }[];
        };
        /** @description All that is shown of a hive in a list. What is not known is null, and never 0 */
        FleetRow: {
            hive: components["schemas"]["StoredHive"];
            status: {
                value: components["schemas"]["HiveStatus"];
                /**
                 * @description The rule that decided
                 * @enum {string}
                 */
                rule: "beats_arrive" | "answers_probes" | "never_seen" | "not_probed_yet" | "set_by_operator" | "grace" | "one_failed_probe" | "silent" | "mass_failure" | "network_lost" | "another_program";
                why: string;
                /** @description Null of one that it had when the queen started */
                since_ms: number | null;
            };
            /** @description Whether one of its workers could be given work now: the hive is online, not cordoned, not on probation, and a worker is idle, healthy, reachable and has a free slot, as its last beat said */
            takes_work: boolean;
            /** @description Why it takes no work, in words; null when it does */
            why_not: string | null;
            /** @description Of the last beat, whichever queen took it */
            beat_age_ms: number | null;
            /** @description Why its heartbeats do not arrive although it is online by its health checks, as far as it is known: `no_token` when callers need one and none of this hive is in force, `token_unused` when this queen has never seen the one that is. Null while they arrive */
            not_beating: ("no_token" | "token_unused" | "not_known") | null;
            /** @description When the health checks that still fail began to */
            unreachable_since_ms: number | null;
            cordon: components["schemas"]["Cordon"] | null;
            /** @description Null when it is on none */
            probation_until_ms: number | null;
            /** @description By state, those that shut down left out; null unless its beats arrive here, as are its models */
            workers: {
                idle: number;
                busy: number;
                loading: number;
                error: number;
            } | null;
            /** @description How much of its workers is taken: of one with slots the share that runs, of another all or nothing; the mean of them */
            load: number | null;
            /** @description Those that its workers serve, in order */
            models: string[] | null;
            ram: components["schemas"]["FleetRam"];
            /** @description Null while it is not known which it has */
            gpus: components["schemas"]["FleetGpu"][] | null;
            vram: components["schemas"]["FleetVram"];
            /** @description The newest on this hive, whether it runs or has ended */
            last_operation: {
                id: string;
                /** @enum {string} */
                kind: "start" | "stop" | "restart" | "install";
                /** @enum {string} */
                state: "running" | "succeeded" | "failed" | "cancelled" | "interrupted";
                /** @description Milliseconds since 1970-01-01 UTC */
                created_at_ms: number;
                finished_at_ms: number | null;
            } | null;
        };
        Cordon: {
            reason: string;
            until_ms: number | null;
            /** @description Milliseconds since 1970-01-01 UTC */
            created_at_ms: number;
        };
        FleetRam: {
            total_bytes: number | null;
            used_bytes: number | null;
            free_bytes: number | null;
            /** @description Whether `used_bytes` was measured, or is what the workers say */
            measured: boolean;
        };
        FleetGpu: {
            index: number;
            /** @description null while the devices are not known */
            name: string | null;
            /** @description Whether its memory is that of the host: the same bytes as `ram` */
            unified: boolean;
            total_bytes: number | null;
            used_bytes: number | null;
            free_bytes: number | null;
            /** @description Whether `used_bytes` was measured, or is what the workers say */
            measured: boolean;
            utilization_percent: number | null;
        };
        /** @description Of all GPUs together */
        FleetVram: {
            total_bytes: number | null;
            used_bytes: number | null;
            free_bytes: number | null;
            /** @description Whether the memory of all GPUs was measured; if not, it is summed up of what devices and workers say */
            measured: boolean;
        };
        /** @description Of the whole fleet, whatever was asked for. A hive whose status another program damaged is in `total` alone; `unreachable` are those that are online though their port does not answer, and `not_beating` those of which no heartbeats arrive */
        FleetTotals: {
            total: number;
            online: number;
            offline: number;
            unknown: number;
            cordoned: number;
            on_probation: number;
            unreachable: number;
            not_beating: number;
        };
        /** @description A hive to add */
        NewHiveJson: {
            /**
             * @description Unique name of the hive
             * @example localhost
             * @example hive-prod-01
             */
            id: string;
            host: string;
            port: number;
            ssh_host?: string | null;
            ssh_port?: number | null;
            ssh_user?: string | null;
            status?: components["schemas"]["HiveStatus"];
            last_heartbeat_ms?: number | null;
            devices?: components["schemas"]["StrictDeviceCapabilitiesJson"] | null;
            /** @description Milliseconds since 1970-01-01 UTC */
            created_at_ms?: number;
            /** @description Milliseconds since 1970-01-01 UTC */
            updated_at_ms?: number;
            labels?: components["schemas"]["Labels"];
        };
        /** @description Devices as an operator writes them */
        StrictDeviceCapabilitiesJson: {
            cpu: {
                /** @description CPU cores that the host offers */
                cores: number;
                /** @description GB of 2^30 bytes, rounded */
                ram_gb: number;
            } | null;
            gpus: components["schemas"]["StrictGpuJson"][] | null;
        };
        StrictGpuJson: {
            /** @description Index of the GPU on its host: 0, 1, 2, … */
            index: number;
            /** @description Product name, such as "NVIDIA RTX 4090" */
            name: string;
            /** @description GB of 2^30 bytes of its own memory, rounded; null where that is not known */
            vram_gb: number | null;
            /** @description What its driver calls it wherever it is plugged in, such as "GPU-5a2e…" */
            uuid?: string;
            /** @description Who made it, such as "nvidia" */
            vendor?: string;
            /** @description What its host drives it with, such as "cuda" */
            backend?: string;
            /** @description Whether it works in the memory of the host, which then is the bound */
            unified?: boolean;
        };
        /** @description Labels of a hive, at most 64: values by their keys */
        Labels: {
            [key: string]: string;
        };
        AddedLine: components["schemas"]["AddedHive"] | components["schemas"]["AddedCounts"];
        /** @description What came of one line */
        AddedHive: {
            /** @constant */
            type: "hive";
            /** @description Its number in the body; blank lines count and are not answered */
            line: number;
            /** @description The id in the line; null when there is none */
            id: string | null;
            /** @enum {string} */
            outcome: "added" | "failed";
            /** @description What it alone would have been answered */
            problem: components["schemas"]["Problem"] | null;
        };
        /** @description Every error (RFC 9457) */
        Problem: {
            /** @constant */
            type: "about:blank";
            title: string;
            status: number;
            /** @description What is wrong, in one sentence */
            detail: string;
            /** @enum {string} */
            code: "BAD_REQUEST" | "INVALID_JSON" | "UNAUTHENTICATED" | "FORBIDDEN" | "NO_WORKER" | "CLAIM_NOT_FOUND" | "SESSION_NOT_FOUND" | "TOKEN_NOT_FOUND" | "NOT_FOUND" | "METHOD_NOT_ALLOWED" | "DOOR_OPEN" | "LAST_OPERATOR" | "OPERATOR_FIRST" | "NOTHING_HELD_BACK" | "REQUEST_TIMEOUT" | "REQUEST_ABORTED" | "PAYLOAD_TOO_LARGE" | "URI_TOO_LONG" | "UNSUPPORTED_MEDIA_TYPE" | "TOO_MANY_REQUESTS" | "HEADERS_TOO_LARGE" | "OPERATION_NOT_FOUND" | "OPERATION_FINISHED" | "OPERATION_ELSEWHERE" | "HIVE_RUNNING" | "HIVE_NOT_MANAGED" | "PUBLIC_URL_NEEDED" | "HOST_KEY_NOT_FOUND" | "HOST_KEY_MISMATCH" | "HOST_KEY_CHANGED" | "SSH_UNREACHABLE" | "LIST_EXPIRED" | "TOO_MANY_TO_SORT" | "INTERNAL" | "NOT_READY" | "STOPPING" | "PAGE_UNAVAILABLE" | "TOO_MANY_READERS" | "HIVE_NOT_FOUND" | "HIVE_ALREADY_EXISTS" | "INVALID_HIVE" | "INVALID_ARGUMENT" | "CORRUPT_HIVE" | "CORRUPT_RECORD" | "OPERATION_IN_PROGRESS" | "CATALOG_BUSY" | "CATALOG_CORRUPT" | "CATALOG_READ_ONLY" | "CATALOG_FULL" | "CATALOG_TOO_NEW" | "CATALOG_NOT_A_CATALOG" | "CATALOG_NOT_MIGRATED" | "CATALOG_UNAVAILABLE" | "CATALOG_OUTCOME_UNKNOWN" | "CATALOG_CLOSED" | "HIVE_UNREACHABLE" | "HIVE_NOT_ALLOWED" | "INVALID_DEVICES" | "WRONG_HIVE";
            /** @description Each field or parameter that is wrong, by its path; `body` is the body as a whole */
            errors: {
                field: string;
                message: string;
            }[];
            /** @description With NO_WORKER: the hives that serve the model, by why none has work */
            hives?: {
                serving: number;
                offline: number;
                cordoned: number;
                on_probation: number;
                of_another_backend: number;
                without_idle_worker: number;
                out_of_reach: number;
                without_memory: number;
            };
            /** @description Under which the log of the queen says more */
            request_id: string;
        };
        /** @description The last line of all */
        AddedCounts: {
            /** @constant */
            type: "end";
            added: number;
            failed: number;
        };
        /** @description All that a hive is to be */
        HiveReplacement: {
            /**
             * @description Unique name of the hive
             * @example localhost
             * @example hive-prod-01
             */
            id?: string;
            host: string;
            port: number;
            ssh_host?: string | null;
            ssh_port?: number | null;
            ssh_user?: string | null;
            status?: components["schemas"]["HiveStatus"];
            last_heartbeat_ms?: number | null;
            devices?: components["schemas"]["StrictDeviceCapabilitiesJson"] | null;
            /** @description Milliseconds since 1970-01-01 UTC */
            created_at_ms?: number;
            /** @description Milliseconds since 1970-01-01 UTC */
            updated_at_ms?: number;
            labels?: components["schemas"]["Labels"];
        };
        /** @description The fields of a hive to change */
        HiveChanges: {
            host?: string;
            port?: number;
            ssh_host?: string | null;
            ssh_port?: number | null;
            ssh_user?: string | null;
            status?: components["schemas"]["HiveStatus"];
            last_heartbeat_ms?: number | null;
            devices?: components["schemas"]["StrictDeviceCapabilitiesJson"] | null;
            /** @description Milliseconds since 1970-01-01 UTC */
            created_at_ms?: number;
            /** @description Milliseconds since 1970-01-01 UTC */
            updated_at_ms?: number;
            labels?: components["schemas"]["LabelChanges"];
            /**
             * @description Unique name of the hive
             * @example localhost
             * @example hive-prod-01
             */
            id?: string;
        };
        /** @description Labels to set, and those to remove as null; the others stay */
        LabelChanges: {
            [key: string]: string | null;
        };
        /** @description A key that some hives have, and its values */
        LabelKey: {
            key: string;
            /** @description Hives that have it */
            count: number;
            /** @description Whether there are more than 1,000 */
            is_more: boolean;
            /** @description The first 100, in order */
            values: {
                value: string;
                /** @description Hives that have it */
                count: number;
                /** @description Whether there are more than 1,000 */
                is_more: boolean;
            }[];
            has_more_values: boolean;
        };
        /** @description The devices as stored, and what the hive could not read */
        DetectedDevices: {
            cpu: {
                /** @description CPU cores that the host offers */
                cores: number;
                /** @description GB of 2^30 bytes, rounded */
                ram_gb: number;
            } | null;
            gpus: components["schemas"]["StrictGpuJson"][] | null;
            /** @description In words, what the hive could not read: it stays as it was known */
            problems: string[];
        };
        /** @description What the last heartbeat of a hive said */
        HiveState: {
            hive_id: string;
            status: components["schemas"]["HiveStatus"];
            /** @description Whether the last beat is fresh */
            live: boolean;
            /** @description Whether the queen may contact its host */
            contactable: boolean;
            /** @description When the health checks that still fail began to */
            unreachable_since_ms: number | null;
            /** @description Whether one of its workers could be given work now: the hive is online, not cordoned, not on probation, and a worker is idle, healthy, reachable and has a free slot, as its last beat said */
            takes_work: boolean;
            /** @description Why it takes no work, in words; null when it does */
            why_not: string | null;
            cordon: {
                reason: string;
                until_ms: number | null;
            } | null;
            /** @description null before the first beat that this queen took */
            last_beat_age_ms: number | null;
            /** @description How far the clock of the hive runs ahead of the queen's */
            skew_ms: number | null;
            workers: {
                worker_id: string;
                /** @enum {string} */
                state: "Idle" | "Busy" | "Loading" | "Error" | "Shutdown";
                /**
                 * Format: date-time
                 * @example 2025-10-21T10:00:00Z
                 */
                last_heartbeat: string;
                health_status: string;
                url: string | null;
                model_id: string | null;
                backend: string | null;
                device_id: number | null;
                vram_bytes: number | null;
                ram_bytes: number | null;
                cpu_percent: number | null;
                gpu_percent: number | null;
                server: string | null;
                running: number | null;
                waiting: number | null;
                slots: number | null;
                device_ids: number[] | null;
                port: number | null;
                reachable: ("all" | "loopback") | null;
            }[];
            ram: components["schemas"]["MemoryUsage"];
            vram: components["schemas"]["MemoryUsage"];
            /** @description Of the host, as it was measured */
            cpu_percent: number | null;
            /** @description Since it was measured; null of a hive that measures nothing */
            read_age_ms: number | null;
            gpus: {
                index: number;
                /** @description null while the devices are not known */
                name: string | null;
                /** @description Whether its memory is that of the host: the same bytes as `ram` */
                unified: boolean;
                total_bytes: number | null;
                /** @description As it was measured, or else by the workers: null where there are none, or one of them does not say */
                used_bytes: number | null;
                free_bytes: number | null;
                /** @description By the workers, if all of them say */
                workers_bytes: number | null;
                /** @description Whether `used_bytes` was measured */
                measured: boolean;
                utilization_percent: number | null;
                temperature_celsius: number | null;
                power_watts: number | null;
                /** @description Left alone, because reading it would wake it */
                asleep: boolean | null;
            }[];
            /** @description What its servers would load when they are asked for it */
            models_on_disk: {
                model: string;
                bytes: number | null;
                server: string | null;
                url: string | null;
            }[];
        };
        MemoryUsage: {
            total_bytes: number | null;
            /** @description As it was measured, or else by the workers: null where there are none, or one of them does not say */
            used_bytes: number | null;
            free_bytes: number | null;
            /** @description By the workers, if all of them say */
            workers_bytes: number | null;
            /** @description Whether `used_bytes` was measured */
            measured: boolean;
        };
        /** @description Why a hive is online or not, and whether it gets work */
        HiveLiveness: {
            hive_id: string;
            status: components["schemas"]["HiveStatus"];
            /**
             * @description The rule that decided
             * @enum {string}
             */
            rule: "beats_arrive" | "answers_probes" | "never_seen" | "not_probed_yet" | "set_by_operator" | "grace" | "one_failed_probe" | "silent" | "mass_failure" | "network_lost" | "another_program";
            why: string;
            /** @description Whether one of its workers could be given work now: the hive is online, not cordoned, not on probation, and a worker is idle, healthy, reachable and has a free slot, as its last beat said */
            takes_work: boolean;
            /** @description Why it takes no work, in words; null when it does */
            why_not: string | null;
            /** @description Whether the queen may contact its host */
            contactable: boolean;
            /** @description Of the last beat, whichever queen took it; null without one */
            beat_age_ms: number | null;
            /** @description As far as it counts: from its last beat, or from when the queen began to listen again */
            counted_silence_ms: number;
            stale_after_ms: number;
            /** @description When the health checks that still fail began to */
            unreachable_since_ms: number | null;
            /** @description The last few health checks, the newest last */
            probes: {
                /** @description Milliseconds since 1970-01-01 UTC */
                at_ms: number;
                took_ms: number;
                /**
                 * @description `unresolved` when no name server said where the host is, `unsent` when the queen herself had no file or memory left for a connection: neither shows anything of the hive
                 * @enum {string}
                 */
                outcome: "answered" | "failed" | "refused" | "unresolved" | "unsent";
                problem: string | null;
            }[];
            /** @description The last changes of its status since the start of the queen, the newest last */
            changes: {
                /** @description Milliseconds since 1970-01-01 UTC */
                at_ms: number;
                was: components["schemas"]["HiveStatus"];
                status: components["schemas"]["HiveStatus"];
                /** @enum {string} */
                rule: "beats_arrive" | "answers_probes" | "never_seen" | "not_probed_yet" | "set_by_operator" | "grace" | "one_failed_probe" | "silent" | "mass_failure" | "network_lost" | "another_program";
                why: string;
            }[];
            /** @description It changed too often: no new work until it has been steady for so long */
            probation: {
                /** @description Milliseconds since 1970-01-01 UTC */
                until_ms: number;
                back_off_ms: number;
            } | null;
            skew_ms: number | null;
            /** @description Two machines that beat under this id from two addresses by turns; null while it is one */
            two_senders: {
                addresses: string[];
                /** @description Milliseconds since 1970-01-01 UTC */
                since_ms: number;
            } | null;
            cordon: components["schemas"]["Cordon"] | null;
            queen: components["schemas"]["QueenCondition"];
        };
        /** @description What the queen makes of what she hears of the fleet */
        QueenCondition: {
            /**
             * @description grace: silence of hives counts only from `since_ms`. mass_failure, network_lost: no hive is marked offline for now
             * @enum {string}
             */
            state: "watching" | "grace" | "mass_failure" | "network_lost";
            since_ms: number | null;
            /** @description When the state ends by itself at the latest */
            until_ms: number | null;
            /** @description Online hives that were on the way to be marked at the last sweep */
            missing: number;
            online: number;
        };
        CordonOfHive: {
            hive_id: string;
            reason: string;
            until_ms: number | null;
            /** @description Milliseconds since 1970-01-01 UTC */
            created_at_ms: number;
        };
        CordonRequest: {
            reason: string;
            until_ms?: number | null;
            /**
             * @description ISO 8601 with its zone: seconds may be missing, and the zone may be Z, +02:00 or +0200
             * @example 2025-10-21T10:00:00Z
             */
            until?: string;
            /**
             * @description Whole days, hours, minutes and seconds, the greatest first, in any case; or an ISO 8601 duration of them
             * @example 90s
             * @example 15m
             * @example 2h
             * @example 1h30m
             * @example 7d
             * @example PT2H
             */
            for?: string;
        };
        /** @description Something that is done to a hive, or was */
        Operation: {
            id: string;
            hive_id: string;
            kind: components["schemas"]["OperationKind"];
            state: components["schemas"]["OperationState"];
            /** @description The step that failed, and why; when the operation failed, also a code and what to do next. Null when none did */
            problem: string | null;
            steps: {
                name: string;
                /**
                 * @description `interrupted`: its operation ended first, and how far the step came is not known
                 * @enum {string}
                 */
                state: "running" | "done" | "failed" | "skipped" | "interrupted";
                /** @description Milliseconds since 1970-01-01 UTC */
                started_at_ms: number;
                ended_at_ms: number | null;
                /** @description What came of it, or why it failed or was skipped */
                detail: string | null;
            }[];
            /** @description The end of what the programs of all steps wrote; no secret is in it */
            output_tail: string;
            /** @description The queen that runs it */
            owner: string;
            /** @description Milliseconds since 1970-01-01 UTC */
            created_at_ms: number;
            /** @description Milliseconds since 1970-01-01 UTC */
            deadline_ms: number;
            finished_at_ms: number | null;
        };
        /** @enum {string} */
        OperationKind: "start" | "stop" | "restart" | "install";
        /** @enum {string} */
        OperationState: "running" | "succeeded" | "failed" | "cancelled" | "interrupted";
        OperationPage: {
            /** @description The newest first */
            operations: components["schemas"]["Operation"][];
            /** @description `after` of the next page; null when this is the last one */
            next_after: string | null;
        };
        Action: components["schemas"]["CordonHives"] | components["schemas"]["UncordonHives"] | components["schemas"]["LabelHives"] | components["schemas"]["DetectHives"] | components["schemas"]["InstallHives"] | components["schemas"]["StartHives"] | components["schemas"]["StopHives"] | components["schemas"]["RestartHives"] | components["schemas"]["RemoveHives"];
        CordonHives: {
            /** @constant */
            action: "cordon";
            reason: string;
            until_ms?: number | null;
            /**
             * @description ISO 8601 with its zone: seconds may be missing, and the zone may be Z, +02:00 or +0200
             * @example 2025-10-21T10:00:00Z
             */
            until?: string;
            /**
             * @description Whole days, hours, minutes and seconds, the greatest first, in any case; or an ISO 8601 duration of them
             * @example 90s
             * @example 15m
             * @example 2h
             * @example 1h30m
             * @example 7d
             * @example PT2H
             */
            for?: string;
            /** @description Also where the hive has a cordon that ends later, and is skipped otherwise. Default: where one hive alone is named by `ids` */
            overwrite?: boolean;
            /** @description These hives, in this order; one that is named twice is done once */
            ids?: string[];
            /** @description On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained` */
            selector?: string;
            /** @description What their GPUs must be: `nvidia:24GB:2`, `H100,A100:80GB` */
            gpu?: string;
            /** @description How much RAM, at least or in a range: `256GB`, `64GB..128GB` */
            ram?: string;
            /** @description How many CPU cores, at least or in a range: `32`, `8..16` */
            cores?: string;
            /** @description Those with this, or with one of these */
            status?: components["schemas"]["HiveStatus"] | components["schemas"]["HiveStatus"][];
            /** @description Whether a cordon is in force */
            cordoned?: boolean;
            /** @description A part of the id, the host or the value of a label, whatever the case of its letters */
            text?: string;
            /** @description The `next_after` of the request before */
            after?: string;
            /**
             * @description Hives at most that are chosen by what they are, beside those that cannot be read
             * @default 1000
             */
            limit?: number;
        };
        UncordonHives: {
            /** @constant */
            action: "uncordon";
            /** @description These hives, in this order; one that is named twice is done once */
            ids?: string[];
            /** @description On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained` */
            selector?: string;
            /** @description What their GPUs must be: `nvidia:24GB:2`, `H100,A100:80GB` */
            gpu?: string;
            /** @description How much RAM, at least or in a range: `256GB`, `64GB..128GB` */
            ram?: string;
            /** @description How many CPU cores, at least or in a range: `32`, `8..16` */
            cores?: string;
            /** @description Those with this, or with one of these */
            status?: components["schemas"]["HiveStatus"] | components["schemas"]["HiveStatus"][];
            /** @description Whether a cordon is in force */
            cordoned?: boolean;
            /** @description A part of the id, the host or the value of a label, whatever the case of its letters */
            text?: string;
            /** @description The `next_after` of the request before */
            after?: string;
            /**
             * @description Hives at most that are chosen by what they are, beside those that cannot be read
             * @default 1000
             */
            limit?: number;
        };
        LabelHives: {
            /** @constant */
            action: "label";
            labels: components["schemas"]["LabelChanges"];
            /**
             * @description Also where the hive has another value of the label, which fails otherwise
             * @default true
             */
            overwrite?: boolean;
            /** @description These hives, in this order; one that is named twice is done once */
            ids?: string[];
            /** @description On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained` */
            selector?: string;
            /** @description What their GPUs must be: `nvidia:24GB:2`, `H100,A100:80GB` */
            gpu?: string;
            /** @description How much RAM, at least or in a range: `256GB`, `64GB..128GB` */
            ram?: string;
            /** @description How many CPU cores, at least or in a range: `32`, `8..16` */
            cores?: string;
            /** @description Those with this, or with one of these */
            status?: components["schemas"]["HiveStatus"] | components["schemas"]["HiveStatus"][];
            /** @description Whether a cordon is in force */
            cordoned?: boolean;
            /** @description A part of the id, the host or the value of a label, whatever the case of its letters */
            text?: string;
            /** @description The `next_after` of the request before */
            after?: string;
            /**
             * @description Hives at most that are chosen by what they are, beside those that cannot be read
             * @default 1000
             */
            limit?: number;
        };
        DetectHives: {
            /** @constant */
            action: "detect";
            /** @description These hives, in this order; one that is named twice is done once */
            ids?: string[];
            /** @description On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained` */
            selector?: string;
            /** @description What their GPUs must be: `nvidia:24GB:2`, `H100,A100:80GB` */
            gpu?: string;
            /** @description How much RAM, at least or in a range: `256GB`, `64GB..128GB` */
            ram?: string;
            /** @description How many CPU cores, at least or in a range: `32`, `8..16` */
            cores?: string;
            /** @description Those with this, or with one of these */
            status?: components["schemas"]["HiveStatus"] | components["schemas"]["HiveStatus"][];
            /** @description Whether a cordon is in force */
            cordoned?: boolean;
            /** @description A part of the id, the host or the value of a label, whatever the case of its letters */
            text?: string;
            /** @description The `next_after` of the request before */
            after?: string;
            /**
             * @description Hives at most that are chosen by what they are, beside those that cannot be read
             * @default 1000
             */
            limit?: number;
        };
        InstallHives: {
            /** @constant */
            action: "install";
            /** @description These hives, in this order; one that is named twice is done once */
            ids?: string[];
            /** @description On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained` */
            selector?: string;
            /** @description What their GPUs must be: `nvidia:24GB:2`, `H100,A100:80GB` */
            gpu?: string;
            /** @description How much RAM, at least or in a range: `256GB`, `64GB..128GB` */
            ram?: string;
            /** @description How many CPU cores, at least or in a range: `32`, `8..16` */
            cores?: string;
            /** @description Those with this, or with one of these */
            status?: components["schemas"]["HiveStatus"] | components["schemas"]["HiveStatus"][];
            /** @description Whether a cordon is in force */
            cordoned?: boolean;
            /** @description A part of the id, the host or the value of a label, whatever the case of its letters */
            text?: string;
            /** @description The `next_after` of the request before */
            after?: string;
            /**
             * @description Hives at most that are chosen by what they are, beside those that cannot be read
             * @default 1000
             */
            limit?: number;
        };
        StartHives: {
            /** @constant */
            action: "start";
            /** @description These hives, in this order; one that is named twice is done once */
            ids?: string[];
            /** @description On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained` */
            selector?: string;
            /** @description What their GPUs must be: `nvidia:24GB:2`, `H100,A100:80GB` */
            gpu?: string;
            /** @description How much RAM, at least or in a range: `256GB`, `64GB..128GB` */
            ram?: string;
            /** @description How many CPU cores, at least or in a range: `32`, `8..16` */
            cores?: string;
            /** @description Those with this, or with one of these */
            status?: components["schemas"]["HiveStatus"] | components["schemas"]["HiveStatus"][];
            /** @description Whether a cordon is in force */
            cordoned?: boolean;
            /** @description A part of the id, the host or the value of a label, whatever the case of its letters */
            text?: string;
            /** @description The `next_after` of the request before */
            after?: string;
            /**
             * @description Hives at most that are chosen by what they are, beside those that cannot be read
             * @default 1000
             */
            limit?: number;
        };
        StopHives: {
            /** @constant */
            action: "stop";
            /** @description These hives, in this order; one that is named twice is done once */
            ids?: string[];
            /** @description On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained` */
            selector?: string;
            /** @description What their GPUs must be: `nvidia:24GB:2`, `H100,A100:80GB` */
            gpu?: string;
            /** @description How much RAM, at least or in a range: `256GB`, `64GB..128GB` */
            ram?: string;
            /** @description How many CPU cores, at least or in a range: `32`, `8..16` */
            cores?: string;
            /** @description Those with this, or with one of these */
            status?: components["schemas"]["HiveStatus"] | components["schemas"]["HiveStatus"][];
            /** @description Whether a cordon is in force */
            cordoned?: boolean;
            /** @description A part of the id, the host or the value of a label, whatever the case of its letters */
            text?: string;
            /** @description The `next_after` of the request before */
            after?: string;
            /**
             * @description Hives at most that are chosen by what they are, beside those that cannot be read
             * @default 1000
             */
            limit?: number;
        };
        RestartHives: {
            /** @constant */
            action: "restart";
            /** @description These hives, in this order; one that is named twice is done once */
            ids?: string[];
            /** @description On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained` */
            selector?: string;
            /** @description What their GPUs must be: `nvidia:24GB:2`, `H100,A100:80GB` */
            gpu?: string;
            /** @description How much RAM, at least or in a range: `256GB`, `64GB..128GB` */
            ram?: string;
            /** @description How many CPU cores, at least or in a range: `32`, `8..16` */
            cores?: string;
            /** @description Those with this, or with one of these */
            status?: components["schemas"]["HiveStatus"] | components["schemas"]["HiveStatus"][];
            /** @description Whether a cordon is in force */
            cordoned?: boolean;
            /** @description A part of the id, the host or the value of a label, whatever the case of its letters */
            text?: string;
            /** @description The `next_after` of the request before */
            after?: string;
            /**
             * @description Hives at most that are chosen by what they are, beside those that cannot be read
             * @default 1000
             */
            limit?: number;
        };
        RemoveHives: {
            /** @constant */
            action: "remove";
            /**
             * @description Remove it all the same, for a host that is gone: an agent that still runs there stays
             * @default false
             */
            force?: boolean;
            /** @description These hives, in this order; one that is named twice is done once */
            ids?: string[];
            /** @description On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained` */
            selector?: string;
            /** @description What their GPUs must be: `nvidia:24GB:2`, `H100,A100:80GB` */
            gpu?: string;
            /** @description How much RAM, at least or in a range: `256GB`, `64GB..128GB` */
            ram?: string;
            /** @description How many CPU cores, at least or in a range: `32`, `8..16` */
            cores?: string;
            /** @description Those with this, or with one of these */
            status?: components["schemas"]["HiveStatus"] | components["schemas"]["HiveStatus"][];
            /** @description Whether a cordon is in force */
            cordoned?: boolean;
            /** @description A part of the id, the host or the value of a label, whatever the case of its letters */
            text?: string;
            /** @description The `next_after` of the request before */
            after?: string;
            /**
             * @description Hives at most that are chosen by what they are, beside those that cannot be read
             * @default 1000
             */
            limit?: number;
        };
        ActionLine: components["schemas"]["ActionOnHive"] | components["schemas"]["ActionStep"] | components["schemas"]["ActionCounts"];
        /** @description The word on one hive: each gets one */
        ActionOnHive: {
            /** @constant */
            type: "hive";
            hive_id: string;
            /** @enum {string} */
            outcome: "done" | "begun" | "skipped" | "failed" | "would_do" | "would_skip" | "would_fail";
            /** @description In words: what was done, would be, or why not */
            detail: string;
            /** @description What the route for one hive would have answered */
            problem: components["schemas"]["Problem"] | null;
            /** @description The operation that began: `GET /v1/operations/{id}` */
            operation_id: string | null;
        };
        /** @description With `wait=true`: a step of an operation began, or ended */
        ActionStep: {
            /** @constant */
            type: "step";
            hive_id: string;
            operation_id: string;
            step: {
                name: string;
                /**
                 * @description `interrupted`: its operation ended first, and how far the step came is not known
                 * @enum {string}
                 */
                state: "running" | "done" | "failed" | "skipped" | "interrupted";
                /** @description Milliseconds since 1970-01-01 UTC */
                started_at_ms: number;
                ended_at_ms: number | null;
                /** @description What came of it, or why it failed or was skipped */
                detail: string | null;
            };
        };
        /** @description `progress` after 15 s without a line; `end` is the last line of all */
        ActionCounts: {
            /** @enum {string} */
            type: "progress" | "end";
            /** @description Hives by their outcome */
            counts: {
                done: number;
                begun: number;
                skipped: number;
                failed: number;
                would_do: number;
                would_skip: number;
                would_fail: number;
            };
            /** @description Hives on which something is done now, or an operation goes on */
            running: number;
            not_begun: number;
            /** @description In `end`: `after` for the hives behind these; null when there are none */
            next_after: string | null;
            /** @description In `end`: whether the queen stops, and has left out what had not begun */
            stopping: boolean;
        };
        PinnedHostKeys: {
            ssh_host: string;
            ssh_port: number;
            /** @description What an operator has confirmed */
            pinned: components["schemas"]["PinnedHostKey"][];
        };
        PinnedHostKey: {
            key_type: string;
            /** @description As ssh and ssh-keygen show it */
            fingerprint: string;
            /** @description Milliseconds since 1970-01-01 UTC */
            pinned_at_ms: number;
        };
        HostKeys: {
            ssh_host: string;
            ssh_port: number;
            /** @description What an operator has confirmed */
            pinned: components["schemas"]["PinnedHostKey"][];
            /** @description What the host offers now */
            offered: {
                key_type: string;
                /** @description As ssh and ssh-keygen show it */
                fingerprint: string;
            }[];
            /** @description Why nothing is offered; null when something is */
            problem: string | null;
        };
        ConfirmedHostKey: {
            fingerprint: string;
        };
        Heartbeat: {
            /**
             * @description The id under which the hive is stored
             * @example localhost
             * @example hive-prod-01
             */
            hive_id: string;
            /**
             * @description ISO 8601 with its zone: seconds may be missing, and the zone may be Z, +02:00 or +0200
             * @example 2025-10-21T10:00:00Z
             */
            timestamp: string;
            workers: {
                worker_id: string;
                state: string;
                /**
                 * @description ISO 8601 with its zone: seconds may be missing, and the zone may be Z, +02:00 or +0200
                 * @example 2025-10-21T10:00:00Z
                 */
                last_heartbeat: string;
                health_status: string;
                url?: string | null;
                model_id?: string | null;
                backend?: string | null;
                device_id?: number | null;
                vram_bytes?: number | null;
                ram_bytes?: number | null;
                cpu_percent?: number | null;
                gpu_percent?: number | null;
                /** @description The program that serves it, and its version */
                server?: string | null;
                /** @description Requests that it works on */
                running?: number | null;
                /** @description Requests that wait */
                waiting?: number | null;
                /** @description Requests that it can work on at a time */
                slots?: number | null;
                /** @description Indexes of all GPUs on which it runs */
                device_ids?: number[] | null;
                /** @description Where `url` is not known: the queen makes it from the hive's host */
                port?: number | null;
                /** @description `all` where others than its own host reach the server, `loopback` where it is bound to loopback */
                reachable?: ("all" | "loopback") | null;
            }[];
            gpus?: components["schemas"]["GpuReading"][] | null;
            host?: {
                memory_total_bytes?: number | null;
                memory_used_bytes?: number | null;
                cpu_percent?: number | null;
            } | null;
            /** @description When all of it was read, by the clock of the hive */
            read_at?: string | null;
            /** @description What its servers would load when they are asked for it */
            models_on_disk?: components["schemas"]["ModelOnDisk"][] | null;
        };
        GpuReading: {
            index: number;
            uuid?: string | null;
            memory_total_bytes?: number | null;
            memory_used_bytes?: number | null;
            utilization_percent?: number | null;
            temperature_celsius?: number | null;
            power_watts?: number | null;
            /** @description Whether it was left alone, because reading it would wake it */
            asleep?: boolean | null;
        };
        ModelOnDisk: {
            model: string;
            /** @description As much memory as it takes at least */
            bytes?: number | null;
            /** @description The program that would load it, and its version */
            server?: string | null;
            url?: string | null;
            /** @description Where `url` is not known: the queen makes it from the hive's host */
            port?: number | null;
            /** @description `all` where others than its own host reach the server, `loopback` where it is bound to loopback */
            reachable?: ("all" | "loopback") | null;
        };
        /** @description A worker, and the hive on which it runs */
        PlacedWorker: {
            worker_id: string;
            /** @enum {string} */
            state: "Idle" | "Busy" | "Loading" | "Error" | "Shutdown";
            /**
             * Format: date-time
             * @example 2025-10-21T10:00:00Z
             */
            last_heartbeat: string;
            health_status: string;
            url: string | null;
            model_id: string | null;
            backend: string | null;
            device_id: number | null;
            vram_bytes: number | null;
            ram_bytes: number | null;
            cpu_percent: number | null;
            gpu_percent: number | null;
            server: string | null;
            running: number | null;
            waiting: number | null;
            slots: number | null;
            device_ids: number[] | null;
            port: number | null;
            reachable: ("all" | "loopback") | null;
            hive_id: string;
        };
        /** @description A model that is on the disk of a hive, and the server there that would load it */
        ColdModel: {
            hive_id: string;
            /** @constant */
            cold: true;
            model_id: string;
            bytes: number | null;
            server: string | null;
            url: string | null;
        };
        ClaimRequest: {
            model: string;
            /** @description After so many milliseconds it ends by itself, if it was not given back and no beat has shown the worker busy since */
            hold_ms?: number;
            /**
             * @description The same as a duration, in place of `hold_ms`
             * @example 90s
             * @example 15m
             * @example 2h
             * @example 1h30m
             * @example 7d
             * @example PT2H
             */
            hold?: string;
            backend?: string;
            /** @description GB of 2^30 bytes that are free on its GPUs, as they were measured: a hive that measures nothing is not found */
            min_free_vram_gb?: number;
        };
        /** @description A promise of a worker */
        Claim: {
            claim_id: string;
            /** @description When it ends by itself, in milliseconds since 1970 */
            until_ms: number;
            worker: components["schemas"]["PlacedWorker"];
        };
        /** @description A model that live hives serve or have on disk */
        Model: {
            model: string;
            /** @description How many of live hives serve it, by state */
            workers: {
                idle: number;
                busy: number;
                loading: number;
                error: number;
                shutdown: number;
            };
            /** @description Of the idle ones those that get no work because their hive is cordoned, on probation or not online */
            idle_kept_from_work: number;
            /** @description How many live hives have a server that would load it */
            hives_with_it_on_disk: number;
        };
        /** @description Who the caller is to the queen, and what of her settings matters to it */
        Me: {
            /**
             * @description As which this request was let in
             * @enum {string}
             */
            role: "operator" | "reader" | "hive";
            /** @description The one hive for which the caller may beat; null for any */
            hive_id: string | null;
            /** @description null while the door is open */
            token: {
                id: string;
                name: string;
                expires_at_ms: number | null;
            } | null;
            /** @description Of the queen */
            version: string;
            /** @description Whether callers on her machine need no token */
            door_open: boolean;
            /** @description Under which hives reach her */
            public_url: string | null;
            /** @description Age from which a heartbeat no longer shows that a hive is online */
            stale_after_ms: number;
            /** @description How far apart the beats of a hive are asked for */
            heartbeat_interval_ms: number;
            /** @description From one round of health checks to the next */
            health_interval_ms: number;
            limits: {
                token_requests_per_second: number;
                /** @description null for 100, and none while the door is open */
                address_requests_per_second: number | null;
                max_connections: number;
                max_connections_per_address: number;
            };
        };
        /** @description What shows who logs in */
        Login: {
            /** @description An operator's or a reader's */
            token?: string;
            /** @description Of POST /v1/session/codes, in place of a token */
            code?: string;
        };
        /** @description A session that has just begun */
        SessionBegun: {
            /**
             * @description Of the token with which somebody logged in
             * @enum {string}
             */
            role: "operator" | "reader";
            /** @description Half a day after the login, or when the token expires */
            expires_at_ms: number;
            /** @description For the header `x-queen-key`; shown in this answer alone */
            key: string;
        };
        /** @description The session of the caller */
        Session: {
            /**
             * @description Of the token with which somebody logged in
             * @enum {string}
             */
            role: "operator" | "reader";
            /** @description Half a day after the login, or when the token expires */
            expires_at_ms: number;
            /** @description Whether this request showed the key: without it the caller is a reader */
            has_key: boolean;
        };
        /** @description For one login, with the rights of the token that asked for it */
        LoginCode: {
            code: string;
            /** @description Milliseconds since 1970-01-01 UTC */
            expires_at_ms: number;
        };
        /** @description A token, without what could be used in its place */
        Token: {
            /** @description Public: names the token in lists, logs and paths */
            id: string;
            name: string;
            /** @enum {string} */
            role: "operator" | "reader" | "hive";
            /** @description The one hive for which a hive's token beats */
            hive_id: string | null;
            /** @description Milliseconds since 1970-01-01 UTC */
            created_at_ms: number;
            /** @description null for never */
            expires_at_ms: number | null;
            revoked_at_ms: number | null;
            /** @description Of this queen at once, of others as it is written: once a minute, and when a queen stops. What she was told in the last minute before a crash is lost */
            last_used_at_ms: number | null;
        };
        TokenRequest: {
            /** @description What it is for, for people */
            name: string;
            /** @enum {string} */
            role: "operator" | "reader" | "hive";
            /** @description Required for the role hive, and for it alone */
            hive_id?: string | null;
            /** @description From when on it is worth nothing; null for never */
            expires_at_ms?: number | null;
        };
        /** @description A token that was just made */
        TokenMade: {
            /** @description Public: names the token in lists, logs and paths */
            id: string;
            name: string;
            /** @enum {string} */
            role: "operator" | "reader" | "hive";
            /** @description The one hive for which a hive's token beats */
            hive_id: string | null;
            /** @description Milliseconds since 1970-01-01 UTC */
            created_at_ms: number;
            /** @description null for never */
            expires_at_ms: number | null;
            revoked_at_ms: number | null;
            /** @description Of this queen at once, of others as it is written: once a minute, and when a queen stops. What she was told in the last minute before a crash is lost */
            last_used_at_ms: number | null;
            /** @description What its bearer shows: in this answer alone */
            token: string;
        };
        /** @description The status of a hive changed */
        StatusEvent: {
            /** @description Milliseconds since 1970-01-01 UTC */
            at_ms: number;
            hive_id: string;
            was: components["schemas"]["HiveStatus"];
            status: components["schemas"]["HiveStatus"];
            why: string;
            row?: components["schemas"]["FleetRow"] | null;
        };
        /** @description A hive was taken from new work, or given back: of a cordon that ran out with its `reason` and `until_ms`, of one that was lifted with neither */
        CordonEvent: {
            /** @description Milliseconds since 1970-01-01 UTC */
            at_ms: number;
            hive_id: string;
            cordoned: boolean;
            reason: string | null;
            until_ms: number | null;
            row?: components["schemas"]["FleetRow"] | null;
        };
        /** @description An operation on a hive began or ended */
        OperationEvent: {
            /** @description Milliseconds since 1970-01-01 UTC */
            at_ms: number;
            id: string;
            hive_id: string;
            kind: string;
            state: string;
            row?: components["schemas"]["FleetRow"] | null;
        };
        /** @description A step of an operation began, and the one before it has ended: `GET /v1/operations/{id}` has them all. Only for a reader whose `kind` names it; no row changes by it */
        OperationStepEvent: {
            /** @description Milliseconds since 1970-01-01 UTC */
            at_ms: number;
            id: string;
            hive_id: string;
            kind: string;
            step: string;
            row?: components["schemas"]["FleetRow"] | null;
        };
        /** @description A hive was added */
        HiveAddedEvent: {
            /** @description Milliseconds since 1970-01-01 UTC */
            at_ms: number;
            hive_id: string;
            host: string;
            port: number;
            status: components["schemas"]["HiveStatus"];
            row?: components["schemas"]["FleetRow"] | null;
        };
        /** @description Something else of a hive than its status was changed: read it anew */
        HiveChangedEvent: {
            /** @description Milliseconds since 1970-01-01 UTC */
            at_ms: number;
            hive_id: string;
            /** @description What is other, in words: of devices that it was asked for also what it could not read; of what changed by itself, why */
            changed?: string;
            /** @description Of a change over the API: all labels that the hive has then, where they are at most 2,000 characters as JSON */
            labels?: {
                [key: string]: string;
            };
            row?: components["schemas"]["FleetRow"] | null;
        };
        /** @description The workers of a hive, its models, or what is used of its devices changed: at most one in 2 s of each hive, and the last state always */
        WorkersEvent: {
            /** @description Milliseconds since 1970-01-01 UTC */
            at_ms: number;
            hive_id: string;
            row?: components["schemas"]["FleetRow"] | null;
        };
        /** @description A hive was removed */
        HiveRemovedEvent: {
            /** @description Milliseconds since 1970-01-01 UTC */
            at_ms: number;
            hive_id: string;
            row?: components["schemas"]["FleetRow"] | null;
        };
        /** @description The queen stood still, lost or found the network, or holds back marks as offline because too many hives went missing at once, or marks again */
        LivenessEvent: {
            /** @description Milliseconds since 1970-01-01 UTC */
            at_ms: number;
            /** @enum {string} */
            kind: "stalled" | "suspended" | "network_lost" | "network_back" | "mass_failure" | "resumed";
            why: string;
            missing: number | null;
            online: number | null;
        };
        /** @description The first of a new reader: events after `last_event_id` follow */
        HelloEvent: {
            start: string;
            last_event_id: string;
        };
        /** @description Events between these two ids may have been missed: read the hives anew. What is still kept follows */
        GapEvent: {
            /** @enum {string} */
            why: "queen_restarted" | "buffer_overflowed" | "unknown_id";
            last_seen_id: string;
            resumed_after_id: string;
        };
    };
    responses: {
        /**
         * @description `BAD_REQUEST`: The request is not valid HTTP, or its path is not a valid URL
         *
         *     `INVALID_ARGUMENT`: A parameter or a field breaks its rule
         */
        "BAD_REQUEST.INVALID_ARGUMENT": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 400;
                    /** @enum {unknown} */
                    code?: "BAD_REQUEST" | "INVALID_ARGUMENT";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `CATALOG_BUSY`: Another process held the catalog for too long; try again
         *
         *     `CATALOG_CLOSED`: The queen is stopping
         *
         *     `CATALOG_NOT_MIGRATED`: The catalog lacks migrations
         *
         *     `CATALOG_UNAVAILABLE`: The catalog did not answer, or its file is not in its place: see `detail`
         */
        "CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 503;
                    /** @enum {unknown} */
                    code?: "CATALOG_BUSY" | "CATALOG_CLOSED" | "CATALOG_NOT_MIGRATED" | "CATALOG_UNAVAILABLE";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `CATALOG_CORRUPT`: The file of the catalog is damaged
         *
         *     `CATALOG_NOT_A_CATALOG`: The database is not a catalog
         *
         *     `CATALOG_TOO_NEW`: A newer version changed the catalog
         *
         *     `CORRUPT_RECORD`: Another program damaged a record of the catalog that is no hive
         *
         *     `INTERNAL`: Something failed inside the queen; her log says more under the request id
         */
        "CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 500;
                    /** @enum {unknown} */
                    code?: "CATALOG_CORRUPT" | "CATALOG_NOT_A_CATALOG" | "CATALOG_TOO_NEW" | "CORRUPT_RECORD" | "INTERNAL";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `FORBIDDEN`: The token may not do this, or a session may not without its key, or a page of another site may not ask for it */
        FORBIDDEN: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 403;
                    /** @enum {unknown} */
                    code?: "FORBIDDEN";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `HEADERS_TOO_LARGE`: The headers are too large */
        HEADERS_TOO_LARGE: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 431;
                    /** @enum {unknown} */
                    code?: "HEADERS_TOO_LARGE";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `REQUEST_TIMEOUT`: The request did not arrive in time */
        REQUEST_TIMEOUT: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 408;
                    /** @enum {unknown} */
                    code?: "REQUEST_TIMEOUT";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `TOO_MANY_REQUESTS`: The token, or the address without one, has had its share: see Retry-After */
        TOO_MANY_REQUESTS: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 429;
                    /** @enum {unknown} */
                    code?: "TOO_MANY_REQUESTS";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `UNAUTHENTICATED`: There is no token, or it is not one of this queen's, has expired, or was revoked; or a session has ended */
        UNAUTHENTICATED: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 401;
                    /** @enum {unknown} */
                    code?: "UNAUTHENTICATED";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `BAD_REQUEST`: The request is not valid HTTP, or its path is not a valid URL
         *
         *     `INVALID_ARGUMENT`: A parameter or a field breaks its rule
         *
         *     `TOO_MANY_TO_SORT`: So many hives are live that they are sorted by id and by status alone
         */
        "BAD_REQUEST.INVALID_ARGUMENT.TOO_MANY_TO_SORT": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 400;
                    /** @enum {unknown} */
                    code?: "BAD_REQUEST" | "INVALID_ARGUMENT" | "TOO_MANY_TO_SORT";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `LIST_EXPIRED`: The list that `after` names cannot go on: begin it anew */
        LIST_EXPIRED: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 410;
                    /** @enum {unknown} */
                    code?: "LIST_EXPIRED";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `BAD_REQUEST`: The request is not valid HTTP, or its path is not a valid URL
         *
         *     `INVALID_ARGUMENT`: A parameter or a field breaks its rule
         *
         *     `INVALID_HIVE`: A field of the hive breaks its rule; nothing was stored
         *
         *     `INVALID_JSON`: The body is missing or is not JSON
         *
         *     `REQUEST_ABORTED`: The caller broke the request off
         */
        "BAD_REQUEST.INVALID_ARGUMENT.INVALID_HIVE.INVALID_JSON.REQUEST_ABORTED": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 400;
                    /** @enum {unknown} */
                    code?: "BAD_REQUEST" | "INVALID_ARGUMENT" | "INVALID_HIVE" | "INVALID_JSON" | "REQUEST_ABORTED";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `CATALOG_BUSY`: Another process held the catalog for too long; try again
         *
         *     `CATALOG_CLOSED`: The queen is stopping
         *
         *     `CATALOG_NOT_MIGRATED`: The catalog lacks migrations
         *
         *     `CATALOG_OUTCOME_UNKNOWN`: The catalog did not answer, or its disk failed, and the change may have been made: read it, then decide
         *
         *     `CATALOG_READ_ONLY`: The catalog cannot be written
         *
         *     `CATALOG_UNAVAILABLE`: The catalog did not answer, or its file is not in its place: see `detail`
         *
         *     `STOPPING`: The queen is stopping
         */
        "CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE.STOPPING": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 503;
                    /** @enum {unknown} */
                    code?: "CATALOG_BUSY" | "CATALOG_CLOSED" | "CATALOG_NOT_MIGRATED" | "CATALOG_OUTCOME_UNKNOWN" | "CATALOG_READ_ONLY" | "CATALOG_UNAVAILABLE" | "STOPPING";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `CATALOG_FULL`: The disk is full */
        CATALOG_FULL: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 507;
                    /** @enum {unknown} */
                    code?: "CATALOG_FULL";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `HIVE_ALREADY_EXISTS`: The id is taken */
        HIVE_ALREADY_EXISTS: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 409;
                    /** @enum {unknown} */
                    code?: "HIVE_ALREADY_EXISTS";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `PAYLOAD_TOO_LARGE`: The body is larger than it may be, or has more in it: see `errors` */
        PAYLOAD_TOO_LARGE: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 413;
                    /** @enum {unknown} */
                    code?: "PAYLOAD_TOO_LARGE";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `UNSUPPORTED_MEDIA_TYPE`: The body is not JSON in UTF-8, or has a Content-Encoding */
        UNSUPPORTED_MEDIA_TYPE: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 415;
                    /** @enum {unknown} */
                    code?: "UNSUPPORTED_MEDIA_TYPE";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `CATALOG_CORRUPT`: The file of the catalog is damaged
         *
         *     `CATALOG_NOT_A_CATALOG`: The database is not a catalog
         *
         *     `CATALOG_TOO_NEW`: A newer version changed the catalog
         *
         *     `CORRUPT_HIVE`: Another program damaged the row of this hive
         *
         *     `CORRUPT_RECORD`: Another program damaged a record of the catalog that is no hive
         *
         *     `INTERNAL`: Something failed inside the queen; her log says more under the request id
         */
        "CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 500;
                    /** @enum {unknown} */
                    code?: "CATALOG_CORRUPT" | "CATALOG_NOT_A_CATALOG" | "CATALOG_TOO_NEW" | "CORRUPT_HIVE" | "CORRUPT_RECORD" | "INTERNAL";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `HIVE_NOT_FOUND`: There is no hive of this id */
        HIVE_NOT_FOUND: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 404;
                    /** @enum {unknown} */
                    code?: "HIVE_NOT_FOUND";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `URI_TOO_LONG`: The path is too long */
        URI_TOO_LONG: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 414;
                    /** @enum {unknown} */
                    code?: "URI_TOO_LONG";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `CATALOG_BUSY`: Another process held the catalog for too long; try again
         *
         *     `CATALOG_CLOSED`: The queen is stopping
         *
         *     `CATALOG_NOT_MIGRATED`: The catalog lacks migrations
         *
         *     `CATALOG_OUTCOME_UNKNOWN`: The catalog did not answer, or its disk failed, and the change may have been made: read it, then decide
         *
         *     `CATALOG_READ_ONLY`: The catalog cannot be written
         *
         *     `CATALOG_UNAVAILABLE`: The catalog did not answer, or its file is not in its place: see `detail`
         */
        "CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 503;
                    /** @enum {unknown} */
                    code?: "CATALOG_BUSY" | "CATALOG_CLOSED" | "CATALOG_NOT_MIGRATED" | "CATALOG_OUTCOME_UNKNOWN" | "CATALOG_READ_ONLY" | "CATALOG_UNAVAILABLE";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `BAD_REQUEST`: The request is not valid HTTP, or its path is not a valid URL
         *
         *     `INVALID_ARGUMENT`: A parameter or a field breaks its rule
         *
         *     `INVALID_JSON`: The body is missing or is not JSON
         *
         *     `REQUEST_ABORTED`: The caller broke the request off
         */
        "BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 400;
                    /** @enum {unknown} */
                    code?: "BAD_REQUEST" | "INVALID_ARGUMENT" | "INVALID_JSON" | "REQUEST_ABORTED";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `HIVE_RUNNING`: The queen started the agent of the hive, and has not stopped it since
         *
         *     `OPERATION_IN_PROGRESS`: Another operation on this hive has not ended yet
         */
        "HIVE_RUNNING.OPERATION_IN_PROGRESS": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 409;
                    /** @enum {unknown} */
                    code?: "HIVE_RUNNING" | "OPERATION_IN_PROGRESS";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `FORBIDDEN`: The token may not do this, or a session may not without its key, or a page of another site may not ask for it
         *
         *     `HIVE_NOT_ALLOWED`: The queen may not contact the host of this hive
         */
        "FORBIDDEN.HIVE_NOT_ALLOWED": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 403;
                    /** @enum {unknown} */
                    code?: "FORBIDDEN" | "HIVE_NOT_ALLOWED";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `HIVE_UNREACHABLE`: The hive does not answer
         *
         *     `INVALID_DEVICES`: What the hive answered are no devices
         *
         *     `WRONG_HIVE`: Another hive answers there
         */
        "HIVE_UNREACHABLE.INVALID_DEVICES.WRONG_HIVE": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 502;
                    /** @enum {unknown} */
                    code?: "HIVE_UNREACHABLE" | "INVALID_DEVICES" | "WRONG_HIVE";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `NOTHING_HELD_BACK`: No mark as offline is held back, so there is nothing to confirm */
        NOTHING_HELD_BACK: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 409;
                    /** @enum {unknown} */
                    code?: "NOTHING_HELD_BACK";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `HIVE_NOT_MANAGED`: The hive has no ssh_host that can be used, and is not on the queen's own machine
         *
         *     `OPERATION_IN_PROGRESS`: Another operation on this hive has not ended yet
         *
         *     `PUBLIC_URL_NEEDED`: The queen does not know under which URL hives reach her: QUEEN_PUBLIC_URL
         */
        "HIVE_NOT_MANAGED.OPERATION_IN_PROGRESS.PUBLIC_URL_NEEDED": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 409;
                    /** @enum {unknown} */
                    code?: "HIVE_NOT_MANAGED" | "OPERATION_IN_PROGRESS" | "PUBLIC_URL_NEEDED";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `HIVE_NOT_MANAGED`: The hive has no ssh_host that can be used, and is not on the queen's own machine
         *
         *     `OPERATION_IN_PROGRESS`: Another operation on this hive has not ended yet
         */
        "HIVE_NOT_MANAGED.OPERATION_IN_PROGRESS": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 409;
                    /** @enum {unknown} */
                    code?: "HIVE_NOT_MANAGED" | "OPERATION_IN_PROGRESS";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `OPERATION_NOT_FOUND`: There is no operation of this id, or it is not kept any more */
        OPERATION_NOT_FOUND: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 404;
                    /** @enum {unknown} */
                    code?: "OPERATION_NOT_FOUND";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `OPERATION_ELSEWHERE`: Another queen runs the operation
         *
         *     `OPERATION_FINISHED`: The operation has ended already
         */
        "OPERATION_ELSEWHERE.OPERATION_FINISHED": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 409;
                    /** @enum {unknown} */
                    code?: "OPERATION_ELSEWHERE" | "OPERATION_FINISHED";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `CATALOG_BUSY`: Another process held the catalog for too long; try again
         *
         *     `CATALOG_CLOSED`: The queen is stopping
         *
         *     `CATALOG_NOT_MIGRATED`: The catalog lacks migrations
         *
         *     `CATALOG_UNAVAILABLE`: The catalog did not answer, or its file is not in its place: see `detail`
         *
         *     `STOPPING`: The queen is stopping
         */
        "CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE.STOPPING": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 503;
                    /** @enum {unknown} */
                    code?: "CATALOG_BUSY" | "CATALOG_CLOSED" | "CATALOG_NOT_MIGRATED" | "CATALOG_UNAVAILABLE" | "STOPPING";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `HIVE_NOT_MANAGED`: The hive has no ssh_host that can be used, and is not on the queen's own machine */
        HIVE_NOT_MANAGED: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 409;
                    /** @enum {unknown} */
                    code?: "HIVE_NOT_MANAGED";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `HIVE_NOT_MANAGED`: The hive has no ssh_host that can be used, and is not on the queen's own machine
         *
         *     `HOST_KEY_CHANGED`: Another key is pinned for the host
         *
         *     `HOST_KEY_MISMATCH`: The host does not offer a key with this fingerprint
         */
        "HIVE_NOT_MANAGED.HOST_KEY_CHANGED.HOST_KEY_MISMATCH": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 409;
                    /** @enum {unknown} */
                    code?: "HIVE_NOT_MANAGED" | "HOST_KEY_CHANGED" | "HOST_KEY_MISMATCH";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `SSH_UNREACHABLE`: No sshd answers, or the queen may not contact it */
        SSH_UNREACHABLE: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 502;
                    /** @enum {unknown} */
                    code?: "SSH_UNREACHABLE";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `HIVE_NOT_FOUND`: There is no hive of this id
         *
         *     `HOST_KEY_NOT_FOUND`: No host key is pinned
         */
        "HIVE_NOT_FOUND.HOST_KEY_NOT_FOUND": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 404;
                    /** @enum {unknown} */
                    code?: "HIVE_NOT_FOUND" | "HOST_KEY_NOT_FOUND";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `NO_WORKER`: No online hive has an idle, healthy worker with room for the model: see `hives` */
        NO_WORKER: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 404;
                    /** @enum {unknown} */
                    code?: "NO_WORKER";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `CLAIM_NOT_FOUND`: There is no claim of this id that the caller made, or it has ended */
        CLAIM_NOT_FOUND: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 404;
                    /** @enum {unknown} */
                    code?: "CLAIM_NOT_FOUND";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `DOOR_OPEN`: Nobody has to log in while the queen lets everybody on her machine in */
        DOOR_OPEN: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 409;
                    /** @enum {unknown} */
                    code?: "DOOR_OPEN";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `SESSION_NOT_FOUND`: The caller shows no cookie of a session */
        SESSION_NOT_FOUND: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 404;
                    /** @enum {unknown} */
                    code?: "SESSION_NOT_FOUND";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `OPERATOR_FIRST`: The token would lock the door of a queen that is open, and nobody could come in as an operator for good */
        OPERATOR_FIRST: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 409;
                    /** @enum {unknown} */
                    code?: "OPERATOR_FIRST";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `LAST_OPERATOR`: The token is the last one of an operator, and nobody could come in over the network without it */
        LAST_OPERATOR: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 409;
                    /** @enum {unknown} */
                    code?: "LAST_OPERATOR";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `TOKEN_NOT_FOUND`: No token of this id is in force */
        TOKEN_NOT_FOUND: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 404;
                    /** @enum {unknown} */
                    code?: "TOKEN_NOT_FOUND";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `BAD_REQUEST`: The request is not valid HTTP, or its path is not a valid URL */
        BAD_REQUEST: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 400;
                    /** @enum {unknown} */
                    code?: "BAD_REQUEST";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `INTERNAL`: Something failed inside the queen; her log says more under the request id */
        INTERNAL: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 500;
                    /** @enum {unknown} */
                    code?: "INTERNAL";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `NOT_READY`: The queen cannot serve now; `errors` says why */
        NOT_READY: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 503;
                    /** @enum {unknown} */
                    code?: "NOT_READY";
                } & components["schemas"]["Problem"];
            };
        };
        /**
         * @description `CATALOG_BUSY`: Another process held the catalog for too long; try again
         *
         *     `CATALOG_CLOSED`: The queen is stopping
         *
         *     `CATALOG_NOT_MIGRATED`: The catalog lacks migrations
         *
         *     `CATALOG_UNAVAILABLE`: The catalog did not answer, or its file is not in its place: see `detail`
         *
         *     `STOPPING`: The queen is stopping
         *
         *     `TOO_MANY_READERS`: So many readers are connected that no more are taken
         */
        "CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE.STOPPING.TOO_MANY_READERS": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 503;
                    /** @enum {unknown} */
                    code?: "CATALOG_BUSY" | "CATALOG_CLOSED" | "CATALOG_NOT_MIGRATED" | "CATALOG_UNAVAILABLE" | "STOPPING" | "TOO_MANY_READERS";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `NOT_FOUND`: There is nothing at this path */
        NOT_FOUND: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 404;
                    /** @enum {unknown} */
                    code?: "NOT_FOUND";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description `PAGE_UNAVAILABLE`: The page cannot be made from its sources: `detail` says why; the API is not touched by that */
        PAGE_UNAVAILABLE: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @constant */
                    status?: 503;
                    /** @enum {unknown} */
                    code?: "PAGE_UNAVAILABLE";
                } & components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export interface operations {
    listHives: {
        parameters: {
            query?: {
                /** @description Only the hives with these ids, at most 100: several by commas, or by naming it several times */
                id?: string[];
                /** @description On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained` */
                selector?: string;
                /** @description What their GPUs must be: `nvidia:24GB:2`, `H100,A100:80GB` */
                gpu?: string;
                /** @description How much RAM, at least or in a range: `256GB`, `64GB..128GB` */
                ram?: string;
                /** @description How many CPU cores, at least or in a range: `32`, `8..16` */
                cores?: string;
                /** @description Those with one of these: several by commas, or by naming it several times */
                status?: components["schemas"]["HiveStatus"] | components["schemas"]["HiveStatus"][];
                /** @description Whether a cordon is in force */
                cordoned?: boolean;
                /** @description A part of the id, the host or the value of a label, whatever the case of its letters */
                text?: string;
                /** @description The `next_after` of the page before */
                after?: string;
                /** @description Hives at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "hives": [
                     *         {
                     *           "id": "hive-prod-01",
                     *           "host": "10.0.1.100",
                     *           "port": 8600,
                     *           "ssh_host": "10.0.1.100",
                     *           "ssh_port": 22,
                     *           "ssh_user": "admin",
                     *           "status": "online",
                     *           "last_heartbeat_ms": 1761040800000,
                     *           "devices": {
                     *             "cpu": {
                     *               "cores": 16,
                     *               "ram_gb": 64
                     *             },
                     *             "gpus": [
                     *               {
                     *                 "index": 0,
                     *                 "name": "NVIDIA RTX 4090",
                     *                 "vram_gb": 24
                     *               }
                     *             ]
                     *           },
                     *           "created_at_ms": 1761000000000,
                     *           "updated_at_ms": 1761040800000,
                     *           "labels": {
                     *             "env": "prod",
                     *             "rack": "r12"
                     *           }
                     *         }
                     *       ],
                     *       "next_after": null,
                     *       "damaged": []
                     *     }
                     */
                    "application/json": components["schemas"]["HivePage"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    addHive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewHiveJson"];
                "application/x-ndjson": components["schemas"]["NewHiveJson"];
            };
        };
        responses: {
            /** @description A line of NDJSON for each */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "hive",
                     *       "line": 1,
                     *       "id": "hive-prod-01",
                     *       "outcome": "added",
                     *       "problem": null
                     *     }
                     */
                    "application/x-ndjson": components["schemas"]["AddedLine"];
                };
            };
            /** @description The hive as stored */
            201: {
                headers: {
                    /** @description The path of the hive */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "hive-prod-01",
                     *       "host": "10.0.1.100",
                     *       "port": 8600,
                     *       "ssh_host": "10.0.1.100",
                     *       "ssh_port": 22,
                     *       "ssh_user": "admin",
                     *       "status": "online",
                     *       "last_heartbeat_ms": 1761040800000,
                     *       "devices": {
                     *         "cpu": {
                     *           "cores": 16,
                     *           "ram_gb": 64
                     *         },
                     *         "gpus": [
                     *           {
                     *             "index": 0,
                     *             "name": "NVIDIA RTX 4090",
                     *             "vram_gb": 24
                     *           }
                     *         ]
                     *       },
                     *       "created_at_ms": 1761000000000,
                     *       "updated_at_ms": 1761040800000,
                     *       "labels": {
                     *         "env": "prod",
                     *         "rack": "r12"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["StoredHive"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_HIVE.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["HIVE_ALREADY_EXISTS"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE.STOPPING"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    listFleet: {
        parameters: {
            query?: {
                /** @description Only the hives with these ids, at most 100: several by commas, or by naming it several times */
                id?: string[];
                /** @description On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained` */
                selector?: string;
                /** @description What their GPUs must be: `nvidia:24GB:2`, `H100,A100:80GB` */
                gpu?: string;
                /** @description How much RAM, at least or in a range: `256GB`, `64GB..128GB` */
                ram?: string;
                /** @description How many CPU cores, at least or in a range: `32`, `8..16` */
                cores?: string;
                /** @description Those with one of these: several by commas, or by naming it several times */
                status?: components["schemas"]["HiveStatus"] | components["schemas"]["HiveStatus"][];
                /** @description Whether a cordon is in force */
                cordoned?: boolean;
                /** @description A part of the id, the host or the value of a label, whatever the case of its letters */
                text?: string;
                /** @description Whether it gets no new work, because it went on and off too often */
                on_probation?: boolean;
                /** @description Whether its health checks fail, as `totals` counts them */
                unreachable?: boolean;
                /** @description Whether it is online by its health checks alone: its heartbeats do not arrive */
                not_beating?: boolean;
                /** @description Whether one of its workers could be given work now */
                takes_work?: boolean;
                /** @description That one of its workers serves */
                model?: string;
                /** @description GB of 2^30 bytes that are free on all its GPUs together, as `vram.free_bytes` says */
                min_free_vram_gb?: number;
                /** @description The key of a label: in the order of its values, hives without it last. Not with `sort` */
                group_by?: string;
                /** @description By id, unless it is said; a - before it turns it round. Equal ones come by id; by `free_vram`, `load` and `last_beat`, hives that are not live, or of which it is not known, come last */
                sort?: "id" | "status" | "free_vram" | "load" | "last_beat" | "-id" | "-status" | "-free_vram" | "-load" | "-last_beat";
                /** @description The `next_after` of the page before */
                after?: string;
                /** @description Hives at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "hives": [
                     *         {
                     *           "hive": {
                     *             "id": "hive-prod-01",
                     *             "host": "10.0.1.100",
                     *             "port": 8600,
                     *             "ssh_host": "10.0.1.100",
                     *             "ssh_port": 22,
                     *             "ssh_user": "admin",
                     *             "status": "online",
                     *             "last_heartbeat_ms": 1761040800000,
                     *             "devices": {
                     *               "cpu": {
                     *                 "cores": 16,
                     *                 "ram_gb": 64
                     *               },
                     *               "gpus": [
                     *                 {
                     *                   "index": 0,
                     *                   "name": "NVIDIA RTX 4090",
                     *                   "vram_gb": 24
                     *                 }
                     *               ]
                     *             },
                     *             "created_at_ms": 1761000000000,
                     *             "updated_at_ms": 1761040800000,
                     *             "labels": {
                     *               "env": "prod",
                     *               "rack": "r12"
                     *             }
                     *           },
                     *           "status": {
                     *             "value": "online",
                     *             "rule": "beats_arrive",
                     *             "why": "its heartbeats arrive",
                     *             "since_ms": 1761040000000
                     *           },
                     *           "takes_work": true,
                     *           "why_not": null,
                     *           "beat_age_ms": 4200,
                     *           "not_beating": null,
                     *           "unreachable_since_ms": null,
                     *           "cordon": null,
                     *           "probation_until_ms": null,
                     *           "workers": {
                     *             "idle": 1,
                     *             "busy": 3,
                     *             "loading": 0,
                     *             "error": 0
                     *           },
                     *           "load": 0.75,
                     *           "models": [
                     *             "llama-3-8b",
                     *             "qwen3:8b"
                     *           ],
                     *           "ram": {
                     *             "total_bytes": 68719476736,
                     *             "used_bytes": 20132659200,
                     *             "free_bytes": 48586817536,
                     *             "measured": true
                     *           },
                     *           "gpus": [
                     *             {
                     *               "index": 0,
                     *               "name": "NVIDIA RTX 4090",
                     *               "unified": false,
                     *               "total_bytes": 25769803776,
                     *               "used_bytes": 9126805504,
                     *               "free_bytes": 16642998272,
                     *               "measured": true,
                     *               "utilization_percent": 37
                     *             }
                     *           ],
                     *           "vram": {
                     *             "total_bytes": 25769803776,
                     *             "used_bytes": 9126805504,
                     *             "free_bytes": 16642998272,
                     *             "measured": true
                     *           },
                     *           "last_operation": {
                     *             "id": "install-5f897ff4036a8eac",
                     *             "kind": "install",
                     *             "state": "succeeded",
                     *             "created_at_ms": 1761039900000,
                     *             "finished_at_ms": 1761039960000
                     *           }
                     *         }
                     *       ],
                     *       "next_after": null,
                     *       "totals": {
                     *         "total": 12,
                     *         "online": 10,
                     *         "offline": 1,
                     *         "unknown": 1,
                     *         "cordoned": 2,
                     *         "on_probation": 0,
                     *         "unreachable": 1,
                     *         "not_beating": 0
                     *       },
                     *       "position": "mgsu4c0gk2x9qf-1042",
                     *       "damaged": []
                     *     }
                     */
                    "application/json": components["schemas"]["FleetPage"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.TOO_MANY_TO_SORT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            410: components["responses"]["LIST_EXPIRED"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    getHive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The hive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "hive-prod-01",
                     *       "host": "10.0.1.100",
                     *       "port": 8600,
                     *       "ssh_host": "10.0.1.100",
                     *       "ssh_port": 22,
                     *       "ssh_user": "admin",
                     *       "status": "online",
                     *       "last_heartbeat_ms": 1761040800000,
                     *       "devices": {
                     *         "cpu": {
                     *           "cores": 16,
                     *           "ram_gb": 64
                     *         },
                     *         "gpus": [
                     *           {
                     *             "index": 0,
                     *             "name": "NVIDIA RTX 4090",
                     *             "vram_gb": 24
                     *           }
                     *         ]
                     *       },
                     *       "created_at_ms": 1761000000000,
                     *       "updated_at_ms": 1761040800000,
                     *       "labels": {
                     *         "env": "prod",
                     *         "rack": "r12"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["StoredHive"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            414: components["responses"]["URI_TOO_LONG"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    replaceHive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HiveReplacement"];
            };
        };
        responses: {
            /** @description The hive as stored */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "hive-prod-01",
                     *       "host": "10.0.1.100",
                     *       "port": 8600,
                     *       "ssh_host": "10.0.1.100",
                     *       "ssh_port": 22,
                     *       "ssh_user": "admin",
                     *       "status": "online",
                     *       "last_heartbeat_ms": 1761040800000,
                     *       "devices": {
                     *         "cpu": {
                     *           "cores": 16,
                     *           "ram_gb": 64
                     *         },
                     *         "gpus": [
                     *           {
                     *             "index": 0,
                     *             "name": "NVIDIA RTX 4090",
                     *             "vram_gb": 24
                     *           }
                     *         ]
                     *       },
                     *       "created_at_ms": 1761000000000,
                     *       "updated_at_ms": 1761040800000,
                     *       "labels": {
                     *         "env": "prod",
                     *         "rack": "r12"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["StoredHive"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_HIVE.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    removeHive: {
        parameters: {
            query?: {
                /** @description Remove it all the same, for a host that is gone: an agent that still runs there stays */
                force?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["HIVE_RUNNING.OPERATION_IN_PROGRESS"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    changeHive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/merge-patch+json": components["schemas"]["HiveChanges"];
                "application/json": components["schemas"]["HiveChanges"];
            };
        };
        responses: {
            /** @description The hive as stored */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "hive-prod-01",
                     *       "host": "10.0.1.100",
                     *       "port": 8600,
                     *       "ssh_host": "10.0.1.100",
                     *       "ssh_port": 22,
                     *       "ssh_user": "admin",
                     *       "status": "online",
                     *       "last_heartbeat_ms": 1761040800000,
                     *       "devices": {
                     *         "cpu": {
                     *           "cores": 16,
                     *           "ram_gb": 64
                     *         },
                     *         "gpus": [
                     *           {
                     *             "index": 0,
                     *             "name": "NVIDIA RTX 4090",
                     *             "vram_gb": 24
                     *           }
                     *         ]
                     *       },
                     *       "created_at_ms": 1761000000000,
                     *       "updated_at_ms": 1761040800000,
                     *       "labels": {
                     *         "env": "prod",
                     *         "rack": "r12"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["StoredHive"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_HIVE.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    listLabels: {
        parameters: {
            query?: {
                /** @description The `next_after` of the page before */
                after?: string;
                /** @description Keys at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "labels": [
                     *         {
                     *           "key": "env",
                     *           "count": 1000,
                     *           "is_more": true,
                     *           "values": [
                     *             {
                     *               "value": "prod",
                     *               "count": 12,
                     *               "is_more": false
                     *             }
                     *           ],
                     *           "has_more_values": false
                     *         }
                     *       ],
                     *       "next_after": null
                     *     }
                     */
                    "application/json": {
                        /** @description By key */
                        labels: components["schemas"]["LabelKey"][];
                        /** @description `after` of the next page; null when this is the last one */
                        next_after: string | null;
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    setDevices: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StrictDeviceCapabilitiesJson"];
            };
        };
        responses: {
            /** @description The devices as stored */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "cpu": {
                     *         "cores": 16,
                     *         "ram_gb": 64
                     *       },
                     *       "gpus": [
                     *         {
                     *           "index": 0,
                     *           "name": "NVIDIA RTX 4090",
                     *           "vram_gb": 24
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["StrictDeviceCapabilitiesJson"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_HIVE.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    detectDevices: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The devices as stored, and what the hive could not read */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "cpu": {
                     *         "cores": 16,
                     *         "ram_gb": 64
                     *       },
                     *       "gpus": [
                     *         {
                     *           "index": 0,
                     *           "name": "NVIDIA RTX 4090",
                     *           "vram_gb": 24
                     *         }
                     *       ],
                     *       "problems": []
                     *     }
                     */
                    "application/json": components["schemas"]["DetectedDevices"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN.HIVE_NOT_ALLOWED"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            502: components["responses"]["HIVE_UNREACHABLE.INVALID_DEVICES.WRONG_HIVE"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    getHiveState: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its workers, and the memory that they use and leave */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "hive_id": "hive-prod-01",
                     *       "status": "online",
                     *       "live": true,
                     *       "contactable": true,
                     *       "unreachable_since_ms": null,
                     *       "takes_work": true,
                     *       "why_not": null,
                     *       "cordon": null,
                     *       "last_beat_age_ms": 1500,
                     *       "skew_ms": -250,
                     *       "workers": [
                     *         {
                     *           "worker_id": "worker-1",
                     *           "state": "Idle",
                     *           "last_heartbeat": "2025-10-21T10:00:00Z",
                     *           "health_status": "healthy",
                     *           "url": "http://localhost:9300",
                     *           "model_id": "llama-3-8b",
                     *           "backend": "cuda",
                     *           "device_id": 0,
                     *           "vram_bytes": 8000000000,
                     *           "ram_bytes": 2000000000,
                     *           "cpu_percent": 15.5,
                     *           "gpu_percent": 0,
                     *           "server": "llama.cpp",
                     *           "running": 1,
                     *           "waiting": 0,
                     *           "slots": 4,
                     *           "device_ids": [
                     *             0
                     *           ],
                     *           "port": 9300,
                     *           "reachable": "all"
                     *         }
                     *       ],
                     *       "ram": {
                     *         "total_bytes": 68719476736,
                     *         "used_bytes": 20132659200,
                     *         "free_bytes": 48586817536,
                     *         "workers_bytes": 2000000000,
                     *         "measured": true
                     *       },
                     *       "vram": {
                     *         "total_bytes": 25769803776,
                     *         "used_bytes": 9126805504,
                     *         "free_bytes": 16642998272,
                     *         "workers_bytes": 8000000000,
                     *         "measured": true
                     *       },
                     *       "cpu_percent": 12.5,
                     *       "read_age_ms": 3500,
                     *       "gpus": [
                     *         {
                     *           "index": 0,
                     *           "name": "NVIDIA RTX 4090",
                     *           "unified": false,
                     *           "total_bytes": 25769803776,
                     *           "used_bytes": 9126805504,
                     *           "free_bytes": 16642998272,
                     *           "workers_bytes": 8000000000,
                     *           "measured": true,
                     *           "utilization_percent": 37,
                     *           "temperature_celsius": 61,
                     *           "power_watts": 231.5,
                     *           "asleep": false
                     *         }
                     *       ],
                     *       "models_on_disk": [
                     *         {
                     *           "model": "qwen3:8b",
                     *           "bytes": 5225388164,
                     *           "server": "ollama 0.33.0",
                     *           "url": "http://10.0.1.17:11434"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["HiveState"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            414: components["responses"]["URI_TOO_LONG"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    explainLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rule that decided, and all that it knew */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "hive_id": "hive-prod-01",
                     *       "status": "online",
                     *       "rule": "beats_arrive",
                     *       "why": "its heartbeats arrive",
                     *       "takes_work": false,
                     *       "why_not": "it is cordoned: new power supply",
                     *       "contactable": true,
                     *       "beat_age_ms": 4200,
                     *       "counted_silence_ms": 4200,
                     *       "stale_after_ms": 60000,
                     *       "unreachable_since_ms": 1761040770000,
                     *       "probes": [
                     *         {
                     *           "at_ms": 1761040770000,
                     *           "took_ms": 3,
                     *           "outcome": "failed",
                     *           "problem": "10.0.1.100:8600: /health: connect ECONNREFUSED 10.0.1.100:8600"
                     *         }
                     *       ],
                     *       "changes": [
                     *         {
                     *           "at_ms": 1761040000000,
                     *           "was": "unknown",
                     *           "status": "online",
                     *           "rule": "beats_arrive",
                     *           "why": "its heartbeats arrive"
                     *         }
                     *       ],
                     *       "probation": null,
                     *       "skew_ms": -250,
                     *       "two_senders": null,
                     *       "cordon": {
                     *         "reason": "new power supply",
                     *         "until_ms": 1761127200000,
                     *         "created_at_ms": 1761040800000
                     *       },
                     *       "queen": {
                     *         "state": "watching",
                     *         "since_ms": null,
                     *         "until_ms": null,
                     *         "missing": 0,
                     *         "online": 50
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["HiveLiveness"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            414: components["responses"]["URI_TOO_LONG"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    confirmMassFailure: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How many of the online hives are missing */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "missing": 30,
                     *       "online": 50
                     *     }
                     */
                    "application/json": {
                        missing: number;
                        online: number;
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["NOTHING_HELD_BACK"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    listCordons: {
        parameters: {
            query?: {
                /** @description The `next_after` of the page before */
                after?: string;
                /** @description Cordons at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "cordons": [
                     *         {
                     *           "hive_id": "hive-prod-01",
                     *           "reason": "new power supply",
                     *           "until_ms": 1761127200000,
                     *           "created_at_ms": 1761040800000
                     *         }
                     *       ],
                     *       "next_after": null
                     *     }
                     */
                    "application/json": {
                        /** @description By the id of the hive */
                        cordons: components["schemas"]["CordonOfHive"][];
                        /** @description `after` of the next page; null when this is the last one */
                        next_after: string | null;
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    cordonHive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CordonRequest"];
            };
        };
        responses: {
            /** @description It is cordoned */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "hive_id": "hive-prod-01",
                     *       "reason": "new power supply",
                     *       "until_ms": 1761127200000,
                     *       "created_at_ms": 1761040800000
                     *     }
                     */
                    "application/json": components["schemas"]["CordonOfHive"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    uncordonHive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is not cordoned; `lifted` says whether it was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "hive_id": "hive-prod-01",
                     *       "lifted": true
                     *     }
                     */
                    "application/json": {
                        hive_id: string;
                        lifted: boolean;
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    installHive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has begun */
            202: {
                headers: {
                    /** @description The path of the operation */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "install-5f897ff4036a8eac",
                     *       "hive_id": "hive-prod-01",
                     *       "kind": "install",
                     *       "state": "running",
                     *       "problem": null,
                     *       "steps": [
                     *         {
                     *           "name": "connect",
                     *           "state": "done",
                     *           "started_at_ms": 1761040800010,
                     *           "ended_at_ms": 1761040800310,
                     *           "detail": "admin@10.0.1.100:22: Linux x86_64"
                     *         },
                     *         {
                     *           "name": "check_node",
                     *           "state": "running",
                     *           "started_at_ms": 1761040800311,
                     *           "ended_at_ms": null,
                     *           "detail": null
                     *         }
                     *       ],
                     *       "output_tail": "Linux x86_64\n",
                     *       "owner": "queen-1-24745-9f86d081",
                     *       "created_at_ms": 1761040800000,
                     *       "deadline_ms": 1761041400000,
                     *       "finished_at_ms": null
                     *     }
                     */
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["HIVE_NOT_MANAGED.OPERATION_IN_PROGRESS.PUBLIC_URL_NEEDED"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE.STOPPING"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    startHive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has begun */
            202: {
                headers: {
                    /** @description The path of the operation */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "install-5f897ff4036a8eac",
                     *       "hive_id": "hive-prod-01",
                     *       "kind": "install",
                     *       "state": "running",
                     *       "problem": null,
                     *       "steps": [
                     *         {
                     *           "name": "connect",
                     *           "state": "done",
                     *           "started_at_ms": 1761040800010,
                     *           "ended_at_ms": 1761040800310,
                     *           "detail": "admin@10.0.1.100:22: Linux x86_64"
                     *         },
                     *         {
                     *           "name": "check_node",
                     *           "state": "running",
                     *           "started_at_ms": 1761040800311,
                     *           "ended_at_ms": null,
                     *           "detail": null
                     *         }
                     *       ],
                     *       "output_tail": "Linux x86_64\n",
                     *       "owner": "queen-1-24745-9f86d081",
                     *       "created_at_ms": 1761040800000,
                     *       "deadline_ms": 1761041400000,
                     *       "finished_at_ms": null
                     *     }
                     */
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["HIVE_NOT_MANAGED.OPERATION_IN_PROGRESS"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE.STOPPING"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    stopHive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has begun */
            202: {
                headers: {
                    /** @description The path of the operation */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "install-5f897ff4036a8eac",
                     *       "hive_id": "hive-prod-01",
                     *       "kind": "install",
                     *       "state": "running",
                     *       "problem": null,
                     *       "steps": [
                     *         {
                     *           "name": "connect",
                     *           "state": "done",
                     *           "started_at_ms": 1761040800010,
                     *           "ended_at_ms": 1761040800310,
                     *           "detail": "admin@10.0.1.100:22: Linux x86_64"
                     *         },
                     *         {
                     *           "name": "check_node",
                     *           "state": "running",
                     *           "started_at_ms": 1761040800311,
                     *           "ended_at_ms": null,
                     *           "detail": null
                     *         }
                     *       ],
                     *       "output_tail": "Linux x86_64\n",
                     *       "owner": "queen-1-24745-9f86d081",
                     *       "created_at_ms": 1761040800000,
                     *       "deadline_ms": 1761041400000,
                     *       "finished_at_ms": null
                     *     }
                     */
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["HIVE_NOT_MANAGED.OPERATION_IN_PROGRESS"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE.STOPPING"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    restartHive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has begun */
            202: {
                headers: {
                    /** @description The path of the operation */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "install-5f897ff4036a8eac",
                     *       "hive_id": "hive-prod-01",
                     *       "kind": "install",
                     *       "state": "running",
                     *       "problem": null,
                     *       "steps": [
                     *         {
                     *           "name": "connect",
                     *           "state": "done",
                     *           "started_at_ms": 1761040800010,
                     *           "ended_at_ms": 1761040800310,
                     *           "detail": "admin@10.0.1.100:22: Linux x86_64"
                     *         },
                     *         {
                     *           "name": "check_node",
                     *           "state": "running",
                     *           "started_at_ms": 1761040800311,
                     *           "ended_at_ms": null,
                     *           "detail": null
                     *         }
                     *       ],
                     *       "output_tail": "Linux x86_64\n",
                     *       "owner": "queen-1-24745-9f86d081",
                     *       "created_at_ms": 1761040800000,
                     *       "deadline_ms": 1761041400000,
                     *       "finished_at_ms": null
                     *     }
                     */
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["HIVE_NOT_MANAGED.OPERATION_IN_PROGRESS"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE.STOPPING"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    listOperations: {
        parameters: {
            query?: {
                /** @description Those of one hive alone, also of one that was removed */
                hive_id?: string;
                /** @description In one of these: several by commas, or by naming it several times */
                state?: components["schemas"]["OperationState"] | components["schemas"]["OperationState"][];
                /** @description Of one of these, in the same way */
                kind?: components["schemas"]["OperationKind"] | components["schemas"]["OperationKind"][];
                /** @description The `next_after` of the page before */
                after?: string;
                /** @description Operations at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "operations": [
                     *         {
                     *           "id": "install-5f897ff4036a8eac",
                     *           "hive_id": "hive-prod-01",
                     *           "kind": "install",
                     *           "state": "running",
                     *           "problem": null,
                     *           "steps": [
                     *             {
                     *               "name": "connect",
                     *               "state": "done",
                     *               "started_at_ms": 1761040800010,
                     *               "ended_at_ms": 1761040800310,
                     *               "detail": "admin@10.0.1.100:22: Linux x86_64"
                     *             },
                     *             {
                     *               "name": "check_node",
                     *               "state": "running",
                     *               "started_at_ms": 1761040800311,
                     *               "ended_at_ms": null,
                     *               "detail": null
                     *             }
                     *           ],
                     *           "output_tail": "Linux x86_64\n",
                     *           "owner": "queen-1-24745-9f86d081",
                     *           "created_at_ms": 1761040800000,
                     *           "deadline_ms": 1761041400000,
                     *           "finished_at_ms": null
                     *         }
                     *       ],
                     *       "next_after": null
                     *     }
                     */
                    "application/json": components["schemas"]["OperationPage"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    getOperation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                operation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How far it is, or how it ended */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "install-5f897ff4036a8eac",
                     *       "hive_id": "hive-prod-01",
                     *       "kind": "install",
                     *       "state": "running",
                     *       "problem": null,
                     *       "steps": [
                     *         {
                     *           "name": "connect",
                     *           "state": "done",
                     *           "started_at_ms": 1761040800010,
                     *           "ended_at_ms": 1761040800310,
                     *           "detail": "admin@10.0.1.100:22: Linux x86_64"
                     *         },
                     *         {
                     *           "name": "check_node",
                     *           "state": "running",
                     *           "started_at_ms": 1761040800311,
                     *           "ended_at_ms": null,
                     *           "detail": null
                     *         }
                     *       ],
                     *       "output_tail": "Linux x86_64\n",
                     *       "owner": "queen-1-24745-9f86d081",
                     *       "created_at_ms": 1761040800000,
                     *       "deadline_ms": 1761041400000,
                     *       "finished_at_ms": null
                     *     }
                     */
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["OPERATION_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            414: components["responses"]["URI_TOO_LONG"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    cancelOperation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                operation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "install-5f897ff4036a8eac",
                     *       "hive_id": "hive-prod-01",
                     *       "kind": "install",
                     *       "state": "running",
                     *       "problem": null,
                     *       "steps": [
                     *         {
                     *           "name": "connect",
                     *           "state": "done",
                     *           "started_at_ms": 1761040800010,
                     *           "ended_at_ms": 1761040800310,
                     *           "detail": "admin@10.0.1.100:22: Linux x86_64"
                     *         },
                     *         {
                     *           "name": "check_node",
                     *           "state": "running",
                     *           "started_at_ms": 1761040800311,
                     *           "ended_at_ms": null,
                     *           "detail": null
                     *         }
                     *       ],
                     *       "output_tail": "Linux x86_64\n",
                     *       "owner": "queen-1-24745-9f86d081",
                     *       "created_at_ms": 1761040800000,
                     *       "deadline_ms": 1761041400000,
                     *       "finished_at_ms": null
                     *     }
                     */
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["OPERATION_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["OPERATION_ELSEWHERE.OPERATION_FINISHED"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    actOnHives: {
        parameters: {
            query?: {
                /** @description Say what would be done, and change nothing */
                dry_run?: boolean;
                /** @description Tell of operations to their end, step by step */
                wait?: boolean;
                /** @description Hives at a time */
                parallel?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Action"];
            };
        };
        responses: {
            /** @description A line of NDJSON for each hive as it goes, and a last one with the counts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "hive",
                     *       "hive_id": "hive-prod-01",
                     *       "outcome": "done",
                     *       "detail": "cordon until 2025-10-21T12:00:00.000Z",
                     *       "problem": null,
                     *       "operation_id": null
                     *     }
                     */
                    "application/x-ndjson": components["schemas"]["ActionLine"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE.STOPPING"];
        };
    };
    getHostKeys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is pinned; the host is not asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ssh_host": "10.0.1.100",
                     *       "ssh_port": 22,
                     *       "pinned": [
                     *         {
                     *           "key_type": "ssh-ed25519",
                     *           "fingerprint": "SHA256:9rIk48X6e41yvssYHk/EBcDPbfjJqlAMiMfKlaoJSBw",
                     *           "pinned_at_ms": 1761040800000
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["PinnedHostKeys"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["HIVE_NOT_MANAGED"];
            414: components["responses"]["URI_TOO_LONG"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    confirmHostKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmedHostKey"];
            };
        };
        responses: {
            /** @description The key is pinned */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "key_type": "ssh-ed25519",
                     *       "fingerprint": "SHA256:9rIk48X6e41yvssYHk/EBcDPbfjJqlAMiMfKlaoJSBw",
                     *       "pinned_at_ms": 1761040800000
                     *     }
                     */
                    "application/json": components["schemas"]["PinnedHostKey"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["HIVE_NOT_MANAGED.HOST_KEY_CHANGED.HOST_KEY_MISMATCH"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            502: components["responses"]["SSH_UNREACHABLE"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    forgetHostKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They are gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND.HOST_KEY_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["HIVE_NOT_MANAGED"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    scanHostKeys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is pinned, and what the host offers now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ssh_host": "10.0.1.100",
                     *       "ssh_port": 22,
                     *       "pinned": [],
                     *       "offered": [
                     *         {
                     *           "key_type": "ssh-ed25519",
                     *           "fingerprint": "SHA256:9rIk48X6e41yvssYHk/EBcDPbfjJqlAMiMfKlaoJSBw"
                     *         }
                     *       ],
                     *       "problem": null
                     *     }
                     */
                    "application/json": components["schemas"]["HostKeys"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["HIVE_NOT_MANAGED"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_HIVE.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    sendHeartbeat: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Heartbeat"];
            };
        };
        responses: {
            /** @description The beat is stored */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "message": "Heartbeat received from localhost",
                     *       "next_beat_ms": 15000
                     *     }
                     */
                    "application/json": {
                        /** @constant */
                        status: "ok";
                        message: string;
                        /** @description In how many milliseconds the next beat is best sent: spreads the beats of the fleet, and asks for fewer when the queen is busy */
                        next_beat_ms: number;
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    findWorkers: {
        parameters: {
            query?: {
                model?: string;
                /** @description In one of Idle, Busy, Loading, Error, Shutdown, in any case: several by commas, or by naming it several times */
                state?: string | string[];
                backend?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The workers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "workers": [
                     *         {
                     *           "hive_id": "hive-prod-01",
                     *           "worker_id": "worker-1",
                     *           "state": "Idle",
                     *           "last_heartbeat": "2025-10-21T10:00:00Z",
                     *           "health_status": "healthy",
                     *           "url": "http://localhost:9300",
                     *           "model_id": "llama-3-8b",
                     *           "backend": "cuda",
                     *           "device_id": 0,
                     *           "vram_bytes": 8000000000,
                     *           "ram_bytes": 2000000000,
                     *           "cpu_percent": 15.5,
                     *           "gpu_percent": 0,
                     *           "server": "llama.cpp",
                     *           "running": 1,
                     *           "waiting": 0,
                     *           "slots": 4,
                     *           "device_ids": [
                     *             0
                     *           ],
                     *           "port": 9300,
                     *           "reachable": "all"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        workers: components["schemas"]["PlacedWorker"][];
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    findBestWorker: {
        parameters: {
            query: {
                model: string;
                backend?: string;
                /** @description GB of 2^30 bytes that are free on its GPUs, as they were measured: a hive that measures nothing is not found */
                min_free_vram_gb?: number;
                /** @description Where no worker is found, whether to name a hive that has the model on disk and the memory free: its server loads it when it is asked */
                cold?: boolean;
                /** @description On the labels of its hive: `env=prod,zone in (a,b)` */
                selector?: string;
                /** @description What the GPUs of its hive must be: `nvidia:24GB:2` */
                gpu?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The worker; with `cold`, and where there is none, a model that is on disk */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "hive_id": "hive-prod-01",
                     *       "worker_id": "worker-1",
                     *       "state": "Idle",
                     *       "last_heartbeat": "2025-10-21T10:00:00Z",
                     *       "health_status": "healthy",
                     *       "url": "http://localhost:9300",
                     *       "model_id": "llama-3-8b",
                     *       "backend": "cuda",
                     *       "device_id": 0,
                     *       "vram_bytes": 8000000000,
                     *       "ram_bytes": 2000000000,
                     *       "cpu_percent": 15.5,
                     *       "gpu_percent": 0,
                     *       "server": "llama.cpp",
                     *       "running": 1,
                     *       "waiting": 0,
                     *       "slots": 4,
                     *       "device_ids": [
                     *         0
                     *       ],
                     *       "port": 9300,
                     *       "reachable": "all"
                     *     }
                     */
                    "application/json": components["schemas"]["PlacedWorker"] | components["schemas"]["ColdModel"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NO_WORKER"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    claimWorker: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClaimRequest"];
            };
        };
        responses: {
            /** @description The claim */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "claim_id": "0b7c1f9e-6a57-4c3e-9d0b-2f1a8e5d4c3b",
                     *       "until_ms": 1761040830000,
                     *       "worker": {
                     *         "hive_id": "hive-prod-01",
                     *         "worker_id": "worker-1",
                     *         "state": "Idle",
                     *         "last_heartbeat": "2025-10-21T10:00:00Z",
                     *         "health_status": "healthy",
                     *         "url": "http://localhost:9300",
                     *         "model_id": "llama-3-8b",
                     *         "backend": "cuda",
                     *         "device_id": 0,
                     *         "vram_bytes": 8000000000,
                     *         "ram_bytes": 2000000000,
                     *         "cpu_percent": 15.5,
                     *         "gpu_percent": 0,
                     *         "server": "llama.cpp",
                     *         "running": 1,
                     *         "waiting": 0,
                     *         "slots": 4,
                     *         "device_ids": [
                     *           0
                     *         ],
                     *         "port": 9300,
                     *         "reachable": "all"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Claim"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NO_WORKER"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    releaseClaim: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                claim: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["CLAIM_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    listModels: {
        parameters: {
            query?: {
                /** @description The `next_after` of the page before */
                after?: string;
                /** @description Models at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "models": [
                     *         {
                     *           "model": "llama-3-8b",
                     *           "workers": {
                     *             "idle": 3,
                     *             "busy": 1,
                     *             "loading": 0,
                     *             "error": 0,
                     *             "shutdown": 0
                     *           },
                     *           "idle_kept_from_work": 1,
                     *           "hives_with_it_on_disk": 5
                     *         }
                     *       ],
                     *       "next_after": null
                     *     }
                     */
                    "application/json": {
                        /** @description By name */
                        models: components["schemas"]["Model"][];
                        /** @description `after` of the next page; null when this is the last one */
                        next_after: string | null;
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    countHives: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The counts. A hive whose status another program damaged is in `total` alone */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "total": 12,
                     *       "unknown": 1,
                     *       "online": 10,
                     *       "offline": 1
                     *     }
                     */
                    "application/json": {
                        total: number;
                        unknown: number;
                        online: number;
                        offline: number;
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    getMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller, and the settings */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "role": "operator",
                     *       "hive_id": null,
                     *       "token": {
                     *         "id": "0123456789abcdef",
                     *         "name": "me",
                     *         "expires_at_ms": null
                     *       },
                     *       "version": "0.1.0",
                     *       "door_open": false,
                     *       "public_url": "https://queen.example:8500",
                     *       "stale_after_ms": 60000,
                     *       "heartbeat_interval_ms": 15000,
                     *       "health_interval_ms": 30000,
                     *       "limits": {
                     *         "token_requests_per_second": 500,
                     *         "address_requests_per_second": null,
                     *         "max_connections": 20000,
                     *         "max_connections_per_address": 2000
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is in force */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "role": "operator",
                     *       "expires_at_ms": 1761084000000,
                     *       "has_key": true
                     *     }
                     */
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["SESSION_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    logIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description The session has begun: see `Set-Cookie` */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "role": "operator",
                     *       "expires_at_ms": 1761084000000,
                     *       "key": "AAAAAAAAAAAAAAAAAAAAAA"
                     *     }
                     */
                    "application/json": components["schemas"]["SessionBegun"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["DOOR_OPEN"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    logOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has ended, and so have its event streams */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["SESSION_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    makeLoginCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The code */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                     *       "expires_at_ms": 1761040860000
                     *     }
                     */
                    "application/json": components["schemas"]["LoginCode"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["DOOR_OPEN"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    listTokens: {
        parameters: {
            query?: {
                /** @description The `next_after` of the page before */
                after?: string;
                /** @description Tokens at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "tokens": [
                     *         {
                     *           "id": "0123456789abcdef",
                     *           "name": "gpu-01",
                     *           "role": "hive",
                     *           "hive_id": "hive-prod-01",
                     *           "created_at_ms": 1761040800000,
                     *           "expires_at_ms": null,
                     *           "revoked_at_ms": null,
                     *           "last_used_at_ms": 1761042600000
                     *         }
                     *       ],
                     *       "next_after": null
                     *     }
                     */
                    "application/json": {
                        tokens: components["schemas"]["Token"][];
                        /** @description `after` of the next page; null when this is the last one */
                        next_after: string | null;
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description The token */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "0123456789abcdef",
                     *       "name": "gpu-01",
                     *       "role": "hive",
                     *       "hive_id": "hive-prod-01",
                     *       "created_at_ms": 1761040800000,
                     *       "expires_at_ms": null,
                     *       "revoked_at_ms": null,
                     *       "last_used_at_ms": null,
                     *       "token": "hq_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                     *     }
                     */
                    "application/json": components["schemas"]["TokenMade"];
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["HIVE_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["OPERATOR_FIRST"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is revoked */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT.INVALID_JSON.REQUEST_ABORTED"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["TOKEN_NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            409: components["responses"]["LAST_OPERATOR"];
            413: components["responses"]["PAYLOAD_TOO_LARGE"];
            414: components["responses"]["URI_TOO_LONG"];
            415: components["responses"]["UNSUPPORTED_MEDIA_TYPE"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_OUTCOME_UNKNOWN.CATALOG_READ_ONLY.CATALOG_UNAVAILABLE"];
            507: components["responses"]["CATALOG_FULL"];
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description She runs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "started_at_ms": 1761040800000,
                     *       "uptime_ms": 86400000,
                     *       "liveness": {
                     *         "state": "watching",
                     *         "since_ms": null,
                     *         "until_ms": null,
                     *         "missing": 0,
                     *         "online": 50
                     *       },
                     *       "other_queens": 0,
                     *       "gpu_rows_left": 0
                     *     }
                     */
                    "application/json": {
                        /** @constant */
                        status: "ok";
                        /** @description Milliseconds since 1970-01-01 UTC */
                        started_at_ms: number;
                        uptime_ms: number;
                        liveness: components["schemas"]["QueenCondition"];
                        /** @description Queens that run on the same catalog, which is made for one */
                        other_queens: number;
                        /** @description Hives that are still to be looked at until hives are found by their GPUs as fast as by all else; null until they are counted */
                        gpu_rows_left: number | null;
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["INTERNAL"];
        };
    };
    isLive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description She runs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok"
                     *     }
                     */
                    "application/json": {
                        /** @constant */
                        status: "ok";
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["INTERNAL"];
        };
    };
    isReady: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description She can serve */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok"
                     *     }
                     */
                    "application/json": {
                        /** @constant */
                        status: "ok";
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["INTERNAL"];
            503: components["responses"]["NOT_READY"];
        };
    };
    readEvents: {
        parameters: {
            query?: {
                /** @description As the header `Last-Event-ID`, which wins: the `position` of `GET /v1/fleet`, or the id of the last event that the reader has seen */
                after?: string;
                /** @description Only what happens to these hives: several by commas, or by naming it several times */
                hive?: string[];
                /** @description Only events of these types, in the same way; without it all but `operation_step` */
                kind?: ("status" | "cordon" | "operation" | "operation_step" | "hive_added" | "hive_changed" | "workers" | "hive_removed" | "liveness")[];
            };
            header?: {
                /** @description The id of the last event that the reader has seen */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream that does not end by itself */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example id: mh0p2c8abc123x-7
                     *     event: status
                     *     data: {"at_ms":1761040800000,"hive_id":"hive-prod-01","was":"unknown","status":"online","why":"its heartbeats arrive","row":{"hive":{"id":"hive-prod-01","host":"10.0.1.100","port":8600,"ssh_host":"10.0.1.100","ssh_port":22,"ssh_user":"admin","status":"online","last_heartbeat_ms":1761040800000,"devices":{"cpu":{"cores":16,"ram_gb":64},"gpus":[{"index":0,"name":"NVIDIA RTX 4090","vram_gb":24}]},"created_at_ms":1761000000000,"updated_at_ms":1761040800000,"labels":{"env":"prod","rack":"r12"}},"status":{"value":"online","rule":"beats_arrive","why":"its heartbeats arrive","since_ms":1761040000000},"takes_work":true,"why_not":null,"beat_age_ms":4200,"not_beating":null,"unreachable_since_ms":null,"cordon":null,"probation_until_ms":null,"workers":{"idle":1,"busy":3,"loading":0,"error":0},"load":0.75,"models":["llama-3-8b","qwen3:8b"],"ram":{"total_bytes":68719476736,"used_bytes":20132659200,"free_bytes":48586817536,"measured":true},"gpus":[{"index":0,"name":"NVIDIA RTX 4090","unified":false,"total_bytes":25769803776,"used_bytes":9126805504,"free_bytes":16642998272,"measured":true,"utilization_percent":37}],"vram":{"total_bytes":25769803776,"used_bytes":9126805504,"free_bytes":16642998272,"measured":true},"last_operation":{"id":"install-5f897ff4036a8eac","kind":"install","state":"succeeded","created_at_ms":1761039900000,"finished_at_ms":1761039960000}}}
                     */
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE.STOPPING.TOO_MANY_READERS"];
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the text format of Prometheus */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            401: components["responses"]["UNAUTHENTICATED"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["CATALOG_CORRUPT.CATALOG_NOT_A_CATALOG.CATALOG_TOO_NEW.CORRUPT_RECORD.INTERNAL"];
            503: components["responses"]["CATALOG_BUSY.CATALOG_CLOSED.CATALOG_NOT_MIGRATED.CATALOG_UNAVAILABLE"];
        };
    };
    getOpenApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        openapi: string;
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["INTERNAL"];
        };
    };
    getDocs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["INTERNAL"];
        };
    };
    getDocsFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            414: components["responses"]["URI_TOO_LONG"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["INTERNAL"];
        };
    };
    openPage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page is at /ui */
            302: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["INTERNAL"];
        };
    };
    getPage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The shell, the same for every view: the page reads its own address */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["INTERNAL"];
            503: components["responses"]["PAGE_UNAVAILABLE"];
        };
    };
    getPageView: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                view: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The shell, the same for every view: the page reads its own address */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            414: components["responses"]["URI_TOO_LONG"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["INTERNAL"];
            503: components["responses"]["PAGE_UNAVAILABLE"];
        };
    };
    getPageViewOf: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                view: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The shell, the same for every view: the page reads its own address */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            403: components["responses"]["FORBIDDEN"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            414: components["responses"]["URI_TOO_LONG"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["INTERNAL"];
            503: components["responses"]["PAGE_UNAVAILABLE"];
        };
    };
    getPageFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file, which never changes under its name */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            400: components["responses"]["BAD_REQUEST.INVALID_ARGUMENT"];
            403: components["responses"]["FORBIDDEN"];
            404: components["responses"]["NOT_FOUND"];
            408: components["responses"]["REQUEST_TIMEOUT"];
            414: components["responses"]["URI_TOO_LONG"];
            429: components["responses"]["TOO_MANY_REQUESTS"];
            431: components["responses"]["HEADERS_TOO_LARGE"];
            500: components["responses"]["INTERNAL"];
            503: components["responses"]["PAGE_UNAVAILABLE"];
        };
    };
}
