package io.idem4j.spi;

/**
 * A store for which a read is much cheaper than a refused write: core asks {@link KeyStore#find}
 * before it draws a stamp and claims. A first call then costs one read more; a replay is one read.
 * Not worth it where a refused write, which brings the record, costs about as much as a read.
 */
public interface ReadFirst extends KeyStore {}
