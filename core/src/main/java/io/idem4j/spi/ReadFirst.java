package io.idem4j.spi;

/**
 * A store for which a read is much cheaper than a refused write: core asks {@link KeyStore#find}
 * before it draws a stamp and claims. A first call then costs one read more; a replay is one read.
 */
public interface ReadFirst extends KeyStore {}
