/** Puts our CRDs into a control plane and waits until they are served. */

import { customResourceDefinitions } from '../../src/api/crd.ts';
import type { ControlPlane } from './control-plane.ts';

const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export async function installCrds(plane: ControlPlane): Promise<void> {
  const definitions = customResourceDefinitions();
  for (const definition of definitions) await plane.call('POST', PATH, definition);
  const limit = performance.now() + 30_000;
  for (const { metadata } of definitions) {
    for (;;) {
      const crd = JSON.parse(await plane.call('GET', `${PATH}/${metadata.name}`)) as {
        status?: { conditions?: { type: string; status: string; message?: string }[] };
      };
      const conditions = crd.status?.conditions ?? [];
      const bad = conditions.find(({ type, status }) => type === 'NonStructuralSchema' && status === 'True');
      if (bad !== undefined) throw new Error(`${metadata.name}: ${bad.message}`);
      if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) break;
      if (performance.now() > limit) throw new Error(`${metadata.name} was not established within 30 s`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
