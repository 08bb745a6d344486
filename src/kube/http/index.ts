export { createHttpApi, type HttpApi, type HttpApiOptions, type RequestObservation } from './api.ts';
