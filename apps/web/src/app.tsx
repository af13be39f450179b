import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ActionDialog } from "./actions/dialog.tsx";
import { EventsView } from "./events/view.tsx";
import { FleetView } from "./fleet/view.tsx";
import { Dock } from "./frame/dock.tsx";
import { Header } from "./frame/header.tsx";
import { Help } from "./frame/help.tsx";
import { LoginView } from "./frame/login.tsx";
import { Notices } from "./frame/notices.tsx";
import { HiveView } from "./hive/view.tsx";
import { ModelsView } from "./models/view.tsx";
import { OperationsView } from "./operations/view.tsx";
import { Absent } from "./parts/absent.tsx";
import { FaultBox } from "./parts/fault.tsx";
import { Loading } from "./parts/loading.tsx";
import { begin, spoken } from "./state/fleet.ts";
import { hrefOf, place } from "./state/place.ts";
import { meet, visitor, visitorFault } from "./state/session.ts";
import { TokensView } from "./tokens/view.tsx";

const VIEWS: Readonly<Record<string, ComponentType>> = {
  hives: HiveView,
  models: ModelsView,
  operations: OperationsView,
  events: EventsView,
  tokens: TokensView,
};

export function App() {
  const main = useRef<HTMLElement>(null);
  const { view } = place.value;
  useEffect(() => {
    if (visitor.value && view !== "") void begin();
  }, [visitor.value]);
  useEffect(() => {
    // Whoever listens hears that another view is there.
    if (document.activeElement === document.body) main.current?.focus({ preventScroll: true });
  }, [view]);
  return (
    <>
      <Header />
      <main ref={main} tabIndex={-1}>
        <View />
      </main>
      <Notices />
      <ActionDialog />
      <Help />
      <p class="unseen" aria-live="polite">
        {spoken}
      </p>
    </>
  );
}

function View() {
  const who = visitor.value;
  if (who === undefined) {
    if (visitorFault.value === undefined) return <Loading what="Asking the queen…" />;
    return <FaultBox fault={visitorFault.value} onRetry={() => void meet()} />;
  }
  if (who === null) return <LoginView />;
  const { view } = place.value;
  // It has more to say in the dock.
  if (view === "") return <FleetView />;
  const Shown = VIEWS[view];
  return (
    <>
      {Shown === undefined ? (
        <Absent title="There is nothing here" href={hrefOf("")} where="To the fleet" />
      ) : (
        <Shown />
      )}
      <Dock />
    </>
  );
}
