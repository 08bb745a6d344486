/** Errors of the command line, and how any error is told: one sentence, and where it helps the next step. */

import { ApiError, ApiUnreachable } from '../kube/api.ts';
import { KubeconfigError } from '../kube/kubeconfig.ts';

/** Something the user can mend. `message` is printed after `Error: `, `hint` on a line of its own. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The command line itself is wrong: its usage is shown as well. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';
}

export interface ToldError {
  readonly message: string;
  readonly hint?: string | undefined;
}

/** What is known of the cluster that was talked to, for the next step. */
export interface ErrorContext {
  readonly server?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
}

export function tellError(error: unknown, about: ErrorContext = {}): ToldError {
  if (error instanceof CliError) return { message: error.message, hint: error.hint };
  if (error instanceof KubeconfigError) return { message: error.message };
  if (error instanceof ApiUnreachable) return { message: unreachable(error, about) };
  if (error instanceof ApiError) return { message: error.message, hint: hintFor(error, about) };
  const reason = error instanceof Error ? error.message : String(error);
  return {
    message: reason,
    hint: 'this is a fault of kubectl-sluice: please report it, with the output of -v 1',
  };
}

function unreachable(error: ApiUnreachable, { server, context }: ErrorContext): string {
  const where = server === undefined ? 'the API server' : `the API server at ${server}`;
  const which = context === undefined || context === '' ? '--server' : `context "${context}" (--context)`;
  return `no answer from ${where} (${error.message}): check that it runs and that ${which} is the right one`;
}

function hintFor(error: ApiError, { namespace }: ErrorContext): string | undefined {
  if (error.code === 401) return 'the credentials were refused: log in again, or give --token or --user';
  if (error.code === 403)
    return 'ask an administrator for this right, or give another --context, --user or --as';
  if (error.code !== 404) return undefined;
  if (isUnservedKind(error))
    return 'the kinds of argoproj.io are not installed in this cluster: apply the files in crds/';
  const inNamespace = namespace === undefined ? '' : ` -n ${namespace}`;
  const kind = /^(experiment|analysisrun)/.exec(error.message)?.[1] ?? 'rollout';
  return /^(rollouts?|experiments?|analysisruns?)\.argoproj\.io /.test(error.message)
    ? `\`kubectl sluice list ${kind}s${inNamespace}\` shows what is there`
    : undefined;
}

/** An API server's answer for a path that no kind has. */
const isUnservedKind = (error: ApiError): boolean =>
  /could not find the requested resource|page not found/.test(error.message);
