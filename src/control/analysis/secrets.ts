/** Secrets, read live: the values of arguments (spec 05 section 2.2), and the credentials of providers. */

import { isObject } from '../../lang/json.ts';
import { ApiError } from '../../kube/api.ts';
import type { KubeApi } from '../../kube/api.ts';
import type { Clock } from '../../kube/clock.ts';
import { SECRET } from '../../kube/kinds.ts';
import type { Argument } from '../../plan/analysis/types.ts';
import { SecretRefused } from '../../providers/secrets.ts';
import type { SecretReader } from '../../providers/secrets.ts';
import type { ControlContext } from '../controller.ts';
import { persist } from './persist.ts';

/** The Secret or its key is not there, or we may not read it. Ends the run, in these words. */
export class SecretMissing extends Error {
  override readonly name = 'SecretMissing';
}

/**
 * By name of the argument. Throws `SecretMissing`; an API server that does not answer, or answers that it can't, is
 * asked again until `signal` ends it: that says nothing about the release, and must not decide it.
 */
export async function readSecretArgs(
  args: readonly Argument[] | undefined,
  namespace: string,
  api: Pick<KubeApi, 'get'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  const read = new Map<string, Readonly<Record<string, unknown>>>();
  for (const arg of args ?? []) {
    const ref = arg.valueFrom?.secretKeyRef;
    if (ref === undefined) continue;
    const data = read.get(ref.name) ?? (await readData(ref.name, namespace, api, clock, signal));
    read.set(ref.name, data);
    const encoded = Object.hasOwn(data, ref.key) ? data[ref.key] : undefined;
    if (typeof encoded !== 'string')
      throw new SecretMissing(`key '${ref.key}' does not exist in secret '${ref.name}'`);
    values.set(arg.name, Buffer.from(encoded, 'base64').toString('utf8'));
  }
  return values;
}

async function readData(
  name: string,
  namespace: string,
  api: Pick<KubeApi, 'get'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const secret = await persist(() => api.get(SECRET, { namespace, name }, { signal }), clock, signal);
    const data = secret['data'];
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof ApiError) throw new SecretMissing(error.message);
    throw error;
  }
}

/** For providers. Nothing is kept: who changes a Secret sees the new one used with the next measurement. */
export function createSecretReader({
  live,
  clock,
  ownNamespace,
}: Pick<ControlContext, 'live' | 'clock' | 'ownNamespace'>): SecretReader {
  return {
    ownNamespace,
    async read({ namespace, name }, signal) {
      let data: Readonly<Record<string, unknown>>;
      try {
        const secret = await persist(() => live.get(SECRET, { namespace, name }, { signal }), clock, signal);
        data = isObject(secret['data']) ? secret['data'] : {};
      } catch (error) {
        if (error instanceof ApiError) throw new SecretRefused(error.message);
        throw error;
      }
      const texts = Object.entries(data).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      );
      return Object.fromEntries(
        texts.map(([key, encoded]) => [key, Buffer.from(encoded, 'base64').toString('utf8')]),
      );
    },
  };
}
