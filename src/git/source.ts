/** Where manifests come from: the system's git, or an object model in memory for simulations. */

import type { RepositoryCredentials } from './credentials.ts';
import type { SourceTree } from './tree.ts';

export interface RepositoryAccess {
  /** As it stands in the Application. */
  readonly url: string;
  readonly credentials?: RepositoryCredentials | undefined;
}

export interface GitSource {
  /** Branch, tag, HEAD or commit to the full commit id. Throws `GitError`. */
  resolve(repository: RepositoryAccess, revision: string, signal?: AbortSignal): Promise<string>;
  /** Runs `read` on the files of the commit, which `resolve` named. Throws `GitError`. */
  withTree<T>(
    repository: RepositoryAccess,
    sha: string,
    read: (tree: SourceTree) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
}
