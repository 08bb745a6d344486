/** A whole list, page by page. */

import type { KubeApi, KubeObject, ListOptions, ResourceType } from './api.ts';
import { isGone } from './api.ts';

const PAGE_SIZE = 500;

/** All pages. A token that has expired meanwhile leads to one list in one piece. */
export async function listAll(
  api: Pick<KubeApi, 'list'>,
  type: ResourceType,
  options: Omit<ListOptions, 'limit' | 'continue'>,
): Promise<KubeObject[]> {
  const items: KubeObject[] = [];
  let token: string | undefined;
  try {
    do {
      const page = await api.list(type, { ...options, limit: PAGE_SIZE, continue: token });
      items.push(...page.items);
      token = page.continue === '' ? undefined : page.continue;
    } while (token !== undefined);
    return items;
  } catch (error) {
    if (!isGone(error)) throw error;
    return (await api.list(type, options)).items;
  }
}
