/** Flags and shapes that several commands share. */

import type { KubeObject } from '../../kube/api.ts';
import { isNotFound, type Patch, type ResourceType } from '../../kube/api.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { FlagSpec } from '../args/flags.ts';
import { CliError } from '../errors.ts';
import { type Invocation, type Session, writeOptions } from '../invocation.ts';

export const ROLLOUT_ALIASES = ['ro', 'rollouts'];
export const EXPERIMENT_ALIASES = ['exp', 'experiments'];
export const ANALYSIS_RUN_ALIASES = ['ar', 'analysisruns'];

/** More names than anyone types. */
export const MANY = 1000;

export const WATCH_FLAG: FlagSpec = {
  name: 'watch',
  short: 'w',
  type: 'boolean',
  help: 'go on and show changes as they happen, until Ctrl-C',
};
export const NO_COLOR_FLAG: FlagSpec = {
  name: 'no-color',
  type: 'boolean',
  help: 'no colours on a terminal; so do NO_COLOR and TERM=dumb',
};
export const SYMBOLS_FLAG: FlagSpec = {
  name: 'symbols',
  type: 'boolean',
  help: 'icons and line drawing also where the output is no terminal',
};

const merge = (body: JsonObject): Patch => ({ type: 'merge', body });

/** A merge patch of the main resource. */
export function patchMain(
  invocation: Invocation,
  { api, namespace }: Session,
  type: ResourceType,
  name: string,
  body: JsonObject,
): Promise<KubeObject> {
  return api.patch(type, { namespace, name }, merge(body), writeOptions(invocation));
}

/** A merge patch of the status; undefined where the server has no such subresource, or no such object. */
export async function patchStatus(
  invocation: Invocation,
  { api, namespace }: Session,
  type: ResourceType,
  name: string,
  body: JsonObject,
): Promise<KubeObject | undefined> {
  try {
    return await api.patch(type, { namespace, name }, merge(body), writeOptions(invocation, 'status'));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** In older installations status is part of the main resource: the same patch goes there. */
export async function patchStatusOrMain(
  invocation: Invocation,
  session: Session,
  type: ResourceType,
  name: string,
  body: JsonObject,
): Promise<KubeObject> {
  return (
    (await patchStatus(invocation, session, type, name, body)) ??
    (await patchMain(invocation, session, type, name, body))
  );
}

/** One after the other; the first error ends it. */
export async function forEachName(
  invocation: Invocation,
  act: (session: Session, name: string) => Promise<void>,
): Promise<void> {
  const session = await invocation.session();
  for (const name of invocation.args) await act(session, name);
}

/** An argument of a template on the command line; the value may have further equals signs. Throws `CliError`. */
export function readArgument(text: string): { name: string; value: string } {
  const equals = text.indexOf('=');
  if (equals <= 0) throw new CliError('arguments must be in the form NAME=VALUE');
  return { name: text.slice(0, equals), value: text.slice(equals + 1) };
}
