package io.idem4j.tck;

import io.idem4j.spi.KeyStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * The rules S1 to S12 of {@link KeyStore} as JUnit Jupiter tests, each named after its rule. A
 * store's author extends this class once per kind of backend, and {@link KeyStoreProperties} beside
 * it; the package's description shows how.
 *
 * <p>A test that needs an ability which the subject does not have is skipped and says why. A rule
 * that a store breaks on purpose is not to be overridden away: then it is not a store that core can
 * use.
 */
public abstract class KeyStoreContract
    implements StampRules,
        SlotRules,
        TimeRules,
        FaultRules,
        ConcurrencyRules,
        FormatRules,
        TransactionRules,
        InterruptRules,
        IsolationRules,
        PurgeRules,
        ScanRules {
  private KeyStoreSubject subject;

  /** Makes what the next test runs against; its backend may be shared with the tests before. */
  protected abstract KeyStoreSubject newSubject() throws Exception;

  @Override
  public final KeyStoreSubject subject() {
    return subject;
  }

  @BeforeEach
  final void makeSubject() throws Exception {
    subject = newSubject();
  }

  @AfterEach
  final void closeSubject() {
    if (subject != null) {
      subject.close();
    }
  }
}
