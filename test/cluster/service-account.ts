/** A kubeconfig that acts as a ServiceAccount, with a token of the TokenRequest API as a pod would have it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';

export async function serviceAccountKubeconfig(
  plane: ControlPlane,
  namespace: string,
  name: string,
): Promise<string> {
  const answer = JSON.parse(
    await plane.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    }),
  ) as { status: { token: string } };
  const config = JSON.parse(readFileSync(plane.kubeconfig(), 'utf8')) as {
    users: { user: { token: string } }[];
    contexts: { context: { namespace?: string } }[];
  };
  for (const { user } of config.users) user.token = answer.status.token;
  for (const { context } of config.contexts) context.namespace = namespace;
  const file = join(plane.dir, `${namespace}-${name}.kubeconfig`);
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

export const serviceAccountUser = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`;
