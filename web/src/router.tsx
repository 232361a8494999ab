/** The routes. All live below `/ui`, because Agno's REST owns `/traces`. */
import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { TraceListPage } from "./list/TraceListPage";
import { parseSearch, readListSearch, readTraceSearch, writeSearch } from "./search";
import { TracePage } from "./trace/TracePage";
import { NotFound } from "./ui/NotFound";
import { Shell } from "./ui/Shell";

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const toTraces = () => {
  throw redirect({ to: "/ui/traces", search: {}, replace: true });
};
const indexRoute = createRoute({ getParentRoute: () => rootRoute, path: "/", beforeLoad: toTraces });
const uiRoute = createRoute({ getParentRoute: () => rootRoute, path: "/ui", beforeLoad: toTraces });

const listRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/ui/traces",
  validateSearch: readListSearch,
  component: function List() {
    return <TraceListPage search={listRoute.useSearch()} />;
  },
});

const traceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/ui/traces/$traceId",
  validateSearch: readTraceSearch,
  component: function Trace() {
    const { traceId } = traceRoute.useParams();
    return <TracePage key={traceId} traceId={traceId} search={traceRoute.useSearch()} />;
  },
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([indexRoute, uiRoute, listRoute, traceRoute]),
  parseSearch,
  stringifySearch: writeSearch,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
