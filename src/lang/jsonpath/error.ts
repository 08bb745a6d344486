/** A path that does not parse, or does not fit the data. The text is that of client-go's jsonpath. */
export class JsonPathError extends Error {
  override name = 'JsonPathError';
}

/** A path that fits the data, and finds nothing there. */
export class JsonPathNothing extends JsonPathError {
  override name = 'JsonPathNothing';
}
