/** What goes wrong with a repository, told so that a person can act on it: what, where, what to do. */

type GitErrorCode =
  | 'InvalidUrl'
  | 'ProtocolNotAllowed'
  | 'InvalidRevision'
  | 'RepositoryNotFound'
  | 'RevisionNotFound'
  | 'AuthenticationFailed'
  | 'HostKeyUnknown'
  | 'Unreachable'
  | 'Timeout'
  | 'TooLarge'
  | 'PathNotFound'
  | 'PathOutside'
  | 'GitMissing'
  | 'Failed';

/** `message` is complete and free of secrets; it goes into conditions and logs as it is. */
export class GitError extends Error {
  override readonly name = 'GitError';
  readonly code: GitErrorCode;

  constructor(code: GitErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The sources were read, but no manifests could be made of them. `where` is a path inside the repository. */
export class RenderError extends Error {
  override readonly name = 'RenderError';
  readonly where: string;

  constructor(where: string, text: string) {
    super(where === '' ? text : `${where}: ${text}`);
    this.where = where;
  }
}
