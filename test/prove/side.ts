/** The second Application of a world: its repository, and what the controllers of other kinds say of its objects. */

import { ApiError, isNotFound } from '../../src/kube/api.ts';
import { APPLICATION } from '../../src/kube/kinds.ts';
import { isObject, type Json, type JsonObject } from '../../src/lang/json.ts';
import { objectNamed, targetOf } from './breakages.ts';
import type { Side } from './history.ts';
import { SIDE_REPOSITORY } from './manifests.ts';
import type { World } from './world.ts';

const textOf = (file: JsonObject | string | null): string | undefined => {
  if (file === null) return undefined;
  return typeof file === 'string' ? file : JSON.stringify(file);
};

export async function startBeside(world: World, { application, files }: Side): Promise<void> {
  const texts = Object.entries(files).map(([path, file]) => [path, JSON.stringify(file)] as const);
  told(world, world.git.repository(SIDE_REPOSITORY).commit(Object.fromEntries(texts)));
  const { namespace, name } = application.metadata;
  world.side = { namespace, name };
  await world.as('person').create(APPLICATION, application);
}

export async function commitBeside(
  world: World,
  files: Readonly<Record<string, JsonObject | string | null>>,
): Promise<void> {
  if (world.side === undefined) return;
  const changes = Object.entries(files).map(([path, file]) => [path, textOf(file)] as const);
  told(world, world.git.repository(SIDE_REPOSITORY).change(Object.fromEntries(changes)));
  const body = { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } };
  await world.as('person').patch(APPLICATION, world.side, { type: 'merge', body });
}

const told = (world: World, sha: string): void =>
  world.tell({
    what: 'commit',
    at: world.clock.now(),
    by: 'person',
    repository: SIDE_REPOSITORY,
    sha,
  });

/** As the controller of the kind, which this world has not. */
export async function live(world: World, of: string, status: JsonObject): Promise<void> {
  const { type, ref } = targetOf(objectNamed(world, of));
  const api = world.as('kubernetes');
  try {
    const { metadata } = await api.get(type, ref);
    const body = { status: withGeneration(status, metadata.generation ?? 1) };
    // Applications have no status of their own, as Argo CD has it.
    const options = type.kind === APPLICATION.kind ? {} : { subresource: 'status' as const };
    await api.patch(type, ref, { type: 'merge', body }, options);
  } catch (error) {
    // Gone, or not what the server takes.
    if (!isNotFound(error) && !isInvalid(error)) throw error;
  }
}

const isInvalid = (error: unknown): boolean => error instanceof ApiError && error.code === 422;

function withGeneration(value: Json, generation: number): Json {
  if (value === 'seen') return generation;
  if (Array.isArray(value)) return value.map((item) => withGeneration(item, generation));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withGeneration(item ?? null, generation)]),
  );
}
