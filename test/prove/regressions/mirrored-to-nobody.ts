import { RECORDER_ROUTING } from '../../routers/recorder.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import type { History } from '../history.ts';
import { service } from '../manifests.ts';
import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

const mirrored = (canary: JsonObject, services: readonly string[]): History =>
  routed(
    [
      { setCanaryScale: { weight: 50 } },
      { setMirrorRoute: { name: 'shadow', percentage: 20, match: [{ method: { exact: 'GET' } }] } },
      { pause: {} },
    ],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(40), do: 'image', tag: 'v3' },
    ],
    {
      canary: {
        trafficRouting: { ...RECORDER_ROUTING, managedRoutes: [{ name: 'shadow' }] },
        stableService: '',
        canaryService: '',
        ...canary,
      },
      setup: { objects: services.map(service), router: {} },
    },
  );

/** Only a weight that was lowered went before the versions. */
export const mirroredToNobody: Regression = {
  about: 'a mirror route goes before the version behind it is one that has no pods',
  rules: [2],
  history: mirrored({}, []),
};

/** Only a weight kept the Service of a ping-pong pair. */
export const mirroredToTheOtherEnd: Regression = {
  about: 'a mirror route goes before the Service behind it selects a version that has no pods',
  rules: [2],
  history: mirrored({ pingPong: { pingService: 'web-ping', pongService: 'web-pong' } }, [
    'web-ping',
    'web-pong',
  ]),
};
