/** Configuration of every metric provider (spec 05 section 8). Exactly one is set in a metric. Pure. */

import * as z from 'zod';
import { freeObject, freeValue, int64, templateMetadataSchema } from './meta.ts';

const headersSchema = z.array(z.looseObject({ key: z.string(), value: z.string() }));

const oauth2Schema = z.looseObject({
  tokenUrl: z.string().optional(),
  clientId: z.string().optional(),
  clientSecret: z.string().optional(),
  scopes: z.array(z.string()).optional(),
});

const authenticationSchema = z.looseObject({
  basicAuth: z.looseObject({ username: z.string().optional(), password: z.string().optional() }).optional(),
  oauth2: oauth2Schema.optional(),
  sigv4: z
    .looseObject({
      region: z.string().optional(),
      profile: z.string().optional(),
      roleArn: z.string().optional(),
    })
    .optional(),
});

export const prometheusMetricSchema = z.looseObject({
  address: z.string().optional().describe('URL of the server, with scheme and host.'),
  query: z.string().optional().describe('PromQL.'),
  timeout: int64.optional().describe('Seconds; 30 when absent.'),
  insecure: z.boolean().optional().describe('Skips the check of the TLS certificate.'),
  headers: headersSchema.optional(),
  rangeQuery: z
    .looseObject({
      start: z.string().optional().describe('Expression that gives a time, such as now() - duration("1h").'),
      end: z.string().optional().describe('Expression that gives a time.'),
      step: z.string().optional().describe('Go duration.'),
    })
    .optional(),
  authentication: authenticationSchema.optional(),
});
export type PrometheusMetric = z.infer<typeof prometheusMetricSchema>;

export const webMetricSchema = z.looseObject({
  method: z.string().optional().describe('GET (default), POST or PUT.'),
  url: z.string().optional(),
  headers: headersSchema.optional(),
  body: z.string().optional(),
  jsonBody: freeValue.optional().describe('Body as JSON; sets Content-Type.'),
  timeoutSeconds: int64.optional().describe('10 when absent.'),
  jsonPath: z.string().optional().describe('Kubernetes JSONPath; {$} when absent.'),
  insecure: z.boolean().optional(),
  authentication: authenticationSchema.optional(),
});
export type WebMetric = z.infer<typeof webMetricSchema>;

export const jobMetricSchema = z.looseObject({
  metadata: templateMetadataSchema.optional(),
  spec: freeObject.optional().describe('Spec of a batch/v1 Job.'),
});
export type JobMetric = z.infer<typeof jobMetricSchema>;

export const datadogMetricSchema = z.looseObject({
  interval: z
    .string()
    .optional()
    .meta({ default: '5m', description: 'Go duration that the query looks back.' }),
  query: z.string().optional(),
  queries: z.record(z.string(), z.string()).optional(),
  formula: z.string().optional(),
  apiVersion: z.enum(['v1', 'v2']).optional().meta({ default: 'v1' }),
  aggregator: z
    .enum(['avg', 'min', 'max', 'sum', 'last', 'percentile', 'mean', 'l2norm', 'area'])
    .optional()
    .describe('How v2 reduces the points of a series; last when absent.'),
  secretRef: z
    .looseObject({
      name: z.string().optional(),
      namespaced: z.boolean().optional().describe("The Secret is in the run's namespace."),
    })
    .optional(),
  requestTimeout: z.string().optional().describe('Go duration; 10s when absent.'),
});
export type DatadogMetric = z.infer<typeof datadogMetricSchema>;

export const newRelicMetricSchema = z.looseObject({
  profile: z.string().optional().describe('Secret with the credentials; newrelic when absent.'),
  query: z.string().optional().describe('NRQL.'),
  timeout: int64.optional().describe('Seconds; 5 when absent.'),
});

export const wavefrontMetricSchema = z.looseObject({
  address: z.string().optional(),
  query: z.string().optional(),
});

export const cloudWatchMetricSchema = z.looseObject({
  interval: z.string().optional().describe('Go duration that the query looks back; 5m when absent.'),
  metricDataQueries: z
    .array(
      z.looseObject({
        id: z.string().optional(),
        expression: z.string().optional(),
        label: z.string().optional(),
        metricStat: z
          .looseObject({
            metric: z
              .looseObject({
                dimensions: z
                  .array(z.looseObject({ name: z.string().optional(), value: z.string().optional() }))
                  .optional(),
                metricName: z.string().optional(),
                namespace: z.string().optional(),
              })
              .optional(),
            period: intOrStringPeriod(),
            stat: z.string().optional(),
            unit: z.string().optional(),
          })
          .optional(),
        period: intOrStringPeriod(),
        returnData: z.boolean().optional(),
      }),
    )
    .optional(),
});

export const graphiteMetricSchema = z.looseObject({
  address: z.string().optional(),
  query: z.string().optional(),
});

export const influxdbMetricSchema = z.looseObject({
  profile: z.string().optional().describe('Secret with the credentials; influxdb when absent.'),
  query: z.string().optional().describe('Flux.'),
});

export const kayentaMetricSchema = z.looseObject({
  address: z.string().optional(),
  application: z.string().optional(),
  canaryConfigName: z.string().optional(),
  metricsAccountName: z.string().optional(),
  configurationAccountName: z.string().optional(),
  storageAccountName: z.string().optional(),
  threshold: z.looseObject({ pass: int64.optional(), marginal: int64.optional() }).optional(),
  scopes: z
    .array(
      z.looseObject({
        name: z.string().optional(),
        controlScope: kayentaScope().optional(),
        experimentScope: kayentaScope().optional(),
      }),
    )
    .optional(),
  lookback: z.boolean().optional(),
});

export const skywalkingMetricSchema = z.looseObject({
  address: z.string().optional(),
  query: z.string().optional().describe('GraphQL with $duration.'),
  interval: z.string().optional().describe('Go duration.'),
});

const judgeQueries = {
  canary: z.string().optional().describe('PromQL that gives the counters of the canary.'),
  stable: z.string().optional().describe('PromQL that gives the same of the stable version.'),
};

export const judgeMetricSchema = z.looseObject({
  prometheus: prometheusMetricSchema
    .optional()
    .describe('Where and how to ask; query and rangeQuery are not read.'),
  errorRate: z
    .looseObject({
      ...judgeQueries,
      failed: z
        .looseObject({
          label: z.string().optional().describe('Label that tells failed requests, such as code.'),
          pattern: z.string().optional().describe('Regular expression for its whole value, such as 5..'),
        })
        .optional(),
    })
    .optional()
    .describe('Counters of requests, such as sum by (code) (requests_total{...}).'),
  latency: z
    .looseObject(judgeQueries)
    .optional()
    .describe('Histograms, such as sum by (le) (request_duration_seconds_bucket{...}).'),
  alpha: z.string().optional().describe('Chance to call a canary worse that is not; 0.05 when absent.'),
  power: z
    .string()
    .optional()
    .describe('Chance to catch a canary that is worse by smallestEffect; 0.8 when absent.'),
  smallestEffect: z
    .string()
    .optional()
    .describe(
      'Difference that matters: of error rates (0.01 when absent), or of the chance to be slower from one half (0.05).',
    ),
  interval: z.string().optional().describe('Go duration between two looks; 10s when absent.'),
  maxDuration: z
    .string()
    .optional()
    .describe('Go duration after which it is Inconclusive; it goes on when absent.'),
});
export type JudgeMetric = z.infer<typeof judgeMetricSchema>;

export const metricProviderSchema = z.looseObject({
  prometheus: prometheusMetricSchema.optional(),
  web: webMetricSchema.optional(),
  job: jobMetricSchema.optional(),
  datadog: datadogMetricSchema.optional(),
  newRelic: newRelicMetricSchema.optional(),
  wavefront: wavefrontMetricSchema.optional(),
  cloudWatch: cloudWatchMetricSchema.optional(),
  graphite: graphiteMetricSchema.optional(),
  influxdb: influxdbMetricSchema.optional(),
  kayenta: kayentaMetricSchema.optional(),
  skywalking: skywalkingMetricSchema.optional(),
  judge: judgeMetricSchema
    .optional()
    .describe('Canary against stable by a sequential test; not part of Argo Rollouts.'),
  plugin: freeObject.optional().describe('One key, namespace/name of the plugin, with its configuration.'),
});
export type MetricProvider = z.infer<typeof metricProviderSchema>;

function intOrStringPeriod() {
  return z
    .union([z.int(), z.string()])
    .optional()
    .meta({ 'x-kubernetes-int-or-string': true, description: 'Seconds.' });
}

function kayentaScope() {
  return z.looseObject({
    scope: z.string().optional(),
    region: z.string().optional(),
    step: int64.optional(),
    start: z.string().optional(),
    end: z.string().optional(),
  });
}
