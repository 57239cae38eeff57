// The private network as a registry sees it: pages of agents, and who is there.

import type { Node } from "../node/mod.ts";
import type { ClusterPages } from "../registry/mod.ts";
import type { Store } from "../store/mod.ts";
import { parsePeerKey } from "../types/mod.ts";

/** The network of a node. */
export function clusterPagesOf(node: Node, { agents, local }: Store): ClusterPages {
  return {
    local,
    publish: (page, entries) => node.publishAgents(page, entries),
    get: ({ author, page }) => agents.get({ author: parsePeerKey(author), page }),
    all: () => agents.all(),
    onChange: (callback) => agents.onChange(callback),
    isPresent: (author) => node.isPresent(parsePeerKey(author)),
  };
}

/**
 * Takes back what an earlier run of this node told of agents, as soon as others remember it: there is
 * no registry any more that tells. The result ends it.
 */
export function tellOfNoAgents(pages: ClusterPages): () => void {
  const takeBack = ({ author, page }: { readonly author: string; readonly page: number }) => {
    if (author === pages.local && page > 0) pages.publish(page, []);
  };
  for (const page of [...pages.all()]) takeBack(page);
  return pages.onChange(takeBack);
}
