/** A path that does not parse, or does not fit the data. The text is that of client-go's jsonpath. */
export class JsonPathError extends Error {
  override name = 'JsonPathError';
}
