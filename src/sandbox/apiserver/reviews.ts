/** Reviews: questions that are answered and not stored. The sandbox lets every known user do everything. */

import { isObject, type JsonObject } from '../../lang/json.ts';
import type { UserInfo } from './resource.ts';

const spec = (object: JsonObject): JsonObject => (isObject(object['spec']) ? object['spec'] : {});

export const accessReview = (object: JsonObject): JsonObject => ({
  ...object,
  metadata: {},
  spec: spec(object),
  status: { allowed: true },
});

export const rulesReview = (object: JsonObject): JsonObject => ({
  ...object,
  metadata: {},
  spec: {},
  status: {
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  },
});

export const selfReview = (object: JsonObject, user: UserInfo): JsonObject => ({
  ...object,
  metadata: {},
  status: { userInfo: { username: user.name, groups: [...(user.groups ?? []), 'system:authenticated'] } },
});
