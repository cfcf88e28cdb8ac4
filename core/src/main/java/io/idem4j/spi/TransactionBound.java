package io.idem4j.spi;

/**
 * A store whose writes belong to one open transaction (S11): whoever ends the transaction decides
 * whether they were made. Claims on it are held by the transaction's locks, not by leases, so core
 * neither renews them nor sends a write of theirs again, now or in the background; what is not
 * answered is rolled back by the transaction's owner, and what is not known after a commit is read
 * from the store that is bound to nothing.
 *
 * <p>Found by {@code instanceof}. For one transaction, and so for one thread at a time (other than
 * S9 says).
 */
public interface TransactionBound extends KeyStore {}
