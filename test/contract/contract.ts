/**
 * What Sluice relies on in a Kubernetes API server, as one table of points. It is run against a real kube-apiserver
 * (test/cluster), against the sandbox in process and over HTTPS (test/sandbox). It is written against the real
 * server: where the two differ, the sandbox is wrong.
 *
 * The server must have our CRDs, the garbage collector, and the namespace and disruption controllers.
 */

import { after, before, describe } from 'node:test';
import { NAMESPACE } from '../../src/kube/kinds.ts';
import { creating } from './create.ts';
import { schemas } from './schemas.ts';
import { updating } from './update.ts';
import { patching } from './patches.ts';
import { applying } from './apply.ts';
import { listing } from './list.ts';
import { watching } from './watch.ts';
import { deleting } from './delete.ts';
import { collecting } from './collection.ts';
import { subresources } from './scale.ts';
import { builtinKinds } from './kinds.ts';
import { fieldManagers } from './managers.ts';
import { dryRun } from './dry-run.ts';
import { strictValidation } from './strict.ts';
import { validation } from './validation.ts';
import { ownership } from './ownership.ts';
import { patchDetails } from './patch-details.ts';
import { versions } from './versions.ts';
import { watchDetails } from './watch-details.ts';
import { lifecycle } from './lifecycle.ts';
import { statusAndScale } from './status-and-scale.ts';
import { object, uniqueName, World, type Server } from './world.ts';

export { NotHere, type Server } from './world.ts';

const SECTIONS = [
  creating,
  schemas,
  updating,
  patching,
  applying,
  listing,
  watching,
  deleting,
  collecting,
  subresources,
  builtinKinds,
  fieldManagers,
  dryRun,
  strictValidation,
  validation,
  ownership,
  patchDetails,
  versions,
  watchDetails,
  lifecycle,
  statusAndScale,
];

export function contract(label: string, connect: () => Promise<Server>): void {
  describe(`contract: ${label}`, () => {
    let server: Server | undefined;
    // The sections are declared before the server is there.
    const world = Object.create(World.prototype) as World;

    before(async () => {
      server = await connect();
      Object.assign(world, new World(server, uniqueName('contract')));
      await world.api.create(NAMESPACE, object(NAMESPACE, { name: world.ns }));
    });
    after(async () => {
      await server?.close();
    });

    for (const section of SECTIONS) section(world);
  });
}
