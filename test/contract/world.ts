/** What every section of the contract works with: one server, one namespace of its own, and short ways to say things. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  ApiError,
  apiVersionOf,
  type KubeApi,
  type KubeObject,
  type ManagedFieldsEntry,
  type Patch,
  type ResourceType,
  type WriteOptions,
} from '../../src/kube/api.ts';
import { CONFIG_MAP, ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';

export interface Server {
  api: KubeApi;
  /** Lets time pass until `test` holds (a real server just waits, the sandbox advances its clock). */
  eventually: (what: string, test: () => Promise<boolean>) => Promise<void>;
  /** Forgets the history of what was written so far, as etcd does every five minutes. */
  compact: () => Promise<void>;
  close: () => Promise<void>;
}

let counter = 0;
export const uniqueName = (prefix: string): string =>
  `${prefix}-${(counter += 1)}-${Math.floor(Math.random() * 1e6)}`;

export class World {
  readonly server: Server;
  readonly api: KubeApi;
  readonly ns: string;

  constructor(server: Server, ns: string) {
    this.server = server;
    this.api = server.api;
    this.ns = ns;
  }

  ref(name: string): { namespace: string; name: string } {
    return { namespace: this.ns, name };
  }

  /** Creates in the namespace of the contract. */
  async make(type: ResourceType, body: KubeObject, manager?: string): Promise<KubeObject> {
    return await this.create(type, body, manager === undefined ? {} : { fieldManager: manager });
  }

  async create(type: ResourceType, body: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return await this.api.create(
      type,
      { ...body, metadata: { namespace: this.ns, ...body.metadata } },
      options,
    );
  }

  async patch(
    type: ResourceType,
    name: string,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    return await this.api.patch(type, this.ref(name), patch, options);
  }

  async merge(
    type: ResourceType,
    name: string,
    body: JsonObject,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    return await this.patch(type, name, { type: 'merge', body }, options);
  }

  /** Server-side apply of `body` with apiVersion, kind, name and namespace filled in. */
  async apply(
    type: ResourceType,
    name: string,
    manager: string,
    body: JsonObject,
    force = false,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    const { metadata, ...rest } = body;
    return await this.patch(
      type,
      name,
      {
        type: 'apply',
        force,
        body: {
          apiVersion: apiVersionOf(type),
          kind: type.kind,
          metadata: { name, namespace: this.ns, ...(metadata as JsonObject | undefined) },
          ...rest,
        },
      },
      { fieldManager: manager, ...options },
    );
  }

  async gone(type: ResourceType, name: string): Promise<boolean> {
    return await this.api.get(type, this.ref(name)).then(
      () => false,
      (error: unknown) => error instanceof ApiError && error.code === 404,
    );
  }

  /** `409 Conflict: ...` of a refusal, with what differs from run to run replaced. */
  async told(promise: Promise<unknown>): Promise<string> {
    const error = await refused(promise);
    return this.plain(`${error.code} ${error.reason}: ${error.message}`);
  }

  /** The causes of a refusal: `FieldValueInvalid spec.replicas: ...`. */
  async causes(promise: Promise<unknown>): Promise<string[]> {
    const { status } = await refused(promise);
    const causes = (status.details?.['causes'] ?? []) as {
      reason?: string;
      field?: string;
      message?: string;
    }[];
    return causes.map(({ reason, field, message }) =>
      this.plain(`${reason ?? ''} ${field ?? ''}: ${message ?? ''}`),
    );
  }

  plain(text: string): string {
    return text
      .replaceAll(this.ns, 'NS')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (uid) =>
        uid === NOBODY ? uid : 'UID',
      )
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME');
  }
}

/** A uid that no object has. */
export const NOBODY = '00000000-0000-0000-0000-000000000000';

/** One point of the contract: what `act` finds, as plain JSON, on every server. */
export function point(name: string, act: () => Promise<unknown>, expected: unknown): void {
  it(name, async (t) => {
    let found: unknown;
    try {
      found = JSON.parse(JSON.stringify((await act()) ?? null));
    } catch (error) {
      if (!(error instanceof NotHere)) throw error;
      t.skip(error.message);
      return;
    }
    assert.deepEqual(found, expected);
  });
}

/** Something that this server can't be made to do: the point says nothing about it. */
export class NotHere extends Error {}

export const object = (
  type: ResourceType,
  meta: JsonObject & { name?: string },
  rest: JsonObject = {},
): KubeObject =>
  ({ apiVersion: apiVersionOf(type), kind: type.kind, metadata: meta, ...rest }) as unknown as KubeObject;

export const configMap = (name: string, data: JsonObject = { a: '1' }): KubeObject =>
  object(CONFIG_MAP, { name }, { data });

export const podTemplate = (image = 'example.com/app:v1'): JsonObject => ({
  metadata: { labels: { app: 'demo' } },
  spec: { containers: [{ name: 'app', image }] },
});

export const rolloutSpec = (spec: JsonObject = {}): JsonObject => ({
  selector: { matchLabels: { app: 'demo' } },
  template: podTemplate(),
  strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } },
  ...spec,
});

export const rollout = (name: string, spec: JsonObject = {}): KubeObject =>
  object(ROLLOUT, { name }, { spec: rolloutSpec(spec) });

/** The `ApiError` with which a promise rejects. */
export async function refused(promise: Promise<unknown>): Promise<ApiError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ApiError, `expected an ApiError, got ${String(error)}`);
    return error;
  }
  assert.fail('expected the server to refuse');
}

export const at = (value: unknown, ...path: (string | number)[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);

export const managers = (entries: ManagedFieldsEntry[] | undefined): string[] =>
  (entries ?? [])
    .map(({ manager, operation, subresource }) => [manager, operation, subresource].filter(Boolean).join('/'))
    .sort();

/** manager/operation -> what it owns, as one path a line (`.spec.ports[{"port":80,...}].name`). */
export const owned = (object: KubeObject): Record<string, string[]> =>
  Object.fromEntries(
    (object.metadata.managedFields ?? []).map(({ manager, operation, subresource, fieldsV1 }) => [
      [manager, operation, subresource].filter(Boolean).join('/'),
      pathsOf(fieldsV1 ?? {}, '').sort(),
    ]),
  );

function pathsOf(fields: JsonObject, prefix: string): string[] {
  return Object.entries(fields).flatMap(([key, inner]) => {
    if (key === '.') return [`${prefix}.`];
    const step = key.startsWith('f:') ? `.${key.slice(2)}` : `[${key.slice(2)}]`;
    const below = inner as JsonObject;
    return Object.keys(below).length === 0 ? [`${prefix}${step}`] : pathsOf(below, `${prefix}${step}`);
  });
}
