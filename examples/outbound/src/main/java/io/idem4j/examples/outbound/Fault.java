package io.idem4j.examples.outbound;

/** What becomes of one request on its way to the provider and back. */
enum Fault {
  /** It arrives, and so does its reply. */
  NONE,
  /** It never arrives; the connection ends. */
  REQUEST_LOST,
  /** It takes effect, and the connection ends without a reply. */
  REPLY_LOST,
  /** It arrives a second time, a little later; the reply is the first one's. */
  DUPLICATED,
  /** It arrives when its sender has hung up. */
  DELAYED,
  /** It takes effect, and the reply says 500. */
  ERROR_AFTER,
  /** It takes no effect, and the reply says 503, which its sender cannot tell from a 500. */
  ERROR_BEFORE
}
