/** The part of undici that is loaded without the rest of it. */

declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';

  export default Pool;
}
