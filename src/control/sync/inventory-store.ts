/** Where the inventory is kept: in the status, or in a ConfigMap of its own when it is long (spec 11 section 5). */

import { isObject, type JsonObject } from '../../lang/json.ts';
import type { KubeApi, KubeObject } from '../../kube/api.ts';
import { isNotFound } from '../../kube/api.ts';
import { CONFIG_MAP } from '../../kube/kinds.ts';
import { parseInventoryKey } from '../../plan/sync/identity.ts';
import { sluiceStatus, type ResourceIdentity } from '../../plan/sync/index.ts';
import type { ApplicationStatus } from '../../api/application.ts';
import { controllerRef, type Writer } from '../controller.ts';
import { FIELD_MANAGER } from './dry-run.ts';

/** More keys than this move out of the status. */
const MAX_INLINE = 500;

export class InventoryStore {
  readonly #live: Pick<KubeApi, 'get'>;
  readonly #writer: Writer;
  readonly #last = new Map<string, { uid: string | undefined; keys: readonly string[] }>();

  constructor(live: Pick<KubeApi, 'get'>, writer: Writer) {
    this.#live = live;
    this.#writer = writer;
  }

  forget(application: string): void {
    this.#last.delete(application);
  }

  async read(key: string, application: KubeObject): Promise<ResourceIdentity[]> {
    const own = sluiceStatus(application['status'] as ApplicationStatus | undefined);
    let keys: readonly string[] = own.inventory;
    if (own.inventoryConfigMap !== undefined) {
      const known = this.#last.get(key);
      if (known !== undefined && known.uid === application.metadata.uid) keys = known.keys;
      else keys = await this.#load(application, own.inventoryConfigMap);
      this.#last.set(key, { uid: application.metadata.uid, keys });
    }
    return keys.flatMap((text) => parseInventoryKey(text) ?? []);
  }

  /** The status as it is to be written, with a long inventory moved out of it (and written there first). */
  async moveOut(key: string, application: KubeObject, status: ApplicationStatus): Promise<ApplicationStatus> {
    const own = sluiceStatus(status);
    if (own.inventory.length <= MAX_INLINE) {
      this.#last.delete(key);
      const { inventoryConfigMap: _gone, ...rest } = isObject(status.sluice) ? status.sluice : {};
      return { ...status, sluice: rest };
    }
    const name = `sluice-inventory-${application.metadata.name}`.slice(0, 253);
    const known = this.#last.get(key);
    const same =
      known !== undefined &&
      known.uid === application.metadata.uid &&
      known.keys.length === own.inventory.length &&
      known.keys.every((text, index) => text === own.inventory[index]);
    if (!same) {
      const manifest: JsonObject = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, ownerReferences: [controllerRef(application) as unknown as JsonObject] },
        data: { inventory: own.inventory.join('\n') },
      };
      await this.#writer.patch(
        CONFIG_MAP,
        { namespace: application.metadata.namespace, name },
        { type: 'apply', body: manifest, force: true },
        { fieldManager: FIELD_MANAGER },
      );
      this.#last.set(key, { uid: application.metadata.uid, keys: own.inventory });
    }
    const { inventory: _moved, ...rest } = isObject(status.sluice) ? status.sluice : {};
    return { ...status, sluice: { ...rest, inventoryConfigMap: name, inventoryCount: own.inventory.length } };
  }

  async #load(application: KubeObject, name: string): Promise<string[]> {
    try {
      const found = await this.#live.get(CONFIG_MAP, { namespace: application.metadata.namespace, name });
      const data = found['data'];
      const text = isObject(data) ? data['inventory'] : undefined;
      return typeof text === 'string' ? text.split('\n').filter((line) => line !== '') : [];
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }
}
