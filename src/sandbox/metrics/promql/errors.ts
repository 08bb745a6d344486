/** What the HTTP API answers with instead of a number, in Prometheus's own shape. */
export class PromqlError extends Error {
  override readonly name = 'PromqlError';
  /** `bad_data`: the query is wrong. `execution`: it can't be evaluated here. */
  readonly type: 'bad_data' | 'execution';

  constructor(type: 'bad_data' | 'execution', message: string) {
    super(message);
    this.type = type;
  }
}
