package io.idem4j.tckbroken;

import io.idem4j.KeyStoreException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Optional;

/** Stores that do one thing wrong when a connection fails. */
final class BrokenLines {
  private BrokenLines() {}

  static final class ReusesAfterATimeout extends LineKeyStore {
    ReusesAfterATimeout(int port, int connections) {
      super(port, connections);
    }

    @Override
    boolean keepsAfter(IOException failure, Place place) throws IOException {
      return failure instanceof SocketTimeoutException || super.keepsAfter(failure, place);
    }
  }

  static final class LosesItsPlaceInThePool extends LineKeyStore {
    LosesItsPlaceInThePool(int port, int connections) {
      super(port, connections);
    }

    @Override
    boolean keepsAfter(IOException failure, Place place) throws IOException {
      super.keepsAfter(failure, place);
      return false;
    }
  }

  static final class TakesSilenceForSuccess extends LineKeyStore {
    TakesSilenceForSuccess(int port, int connections) {
      super(port, connections);
    }

    @Override
    CasResult failed(Stamp expected, KeyRecord next, IOException failure) {
      if (failure instanceof SocketTimeoutException) {
        return CasResult.APPLIED;
      }
      throw unknown();
    }
  }

  static final class TakesALostReplyForNo extends LineKeyStore {
    TakesALostReplyForNo(int port, int connections) {
      super(port, connections);
    }

    @Override
    CasResult failed(Stamp expected, KeyRecord next, IOException failure) {
      throw KeyStoreException.notApplied(
          KeyStoreException.Reason.UNAVAILABLE, "the server did not answer", null);
    }
  }

  static final class TakesAnEndForSuccess extends LineKeyStore {
    TakesAnEndForSuccess(int port, int connections) {
      super(port, connections);
    }

    @Override
    byte[] receive(DataInputStream in) throws IOException {
      try {
        return super.receive(in);
      } catch (EOFException e) {
        return new byte[1];
      }
    }
  }

  static final class RetriesWithAFreshStamp extends LineKeyStore {
    RetriesWithAFreshStamp(int port, int connections) {
      super(port, connections);
    }

    @Override
    CasResult failed(Stamp expected, KeyRecord next, IOException failure) {
      try {
        return send(expected, next.toBuilder().stamp(next.stamp().next()).build());
      } catch (IOException e) {
        throw unknown();
      }
    }
  }

  static final class RetriesWithALongerLease extends LineKeyStore {
    RetriesWithALongerLease(int port, int connections) {
      super(port, connections);
    }

    @Override
    CasResult failed(Stamp expected, KeyRecord next, IOException failure) {
      try {
        return send(expected, next.toBuilder().lease(Duration.ofHours(1)).build());
      } catch (IOException e) {
        throw unknown();
      }
    }
  }

  static final class RetriesOverWhateverThereIs extends LineKeyStore {
    RetriesOverWhateverThereIs(int port, int connections) {
      super(port, connections);
    }

    @Override
    CasResult failed(Stamp expected, KeyRecord next, IOException failure) {
      try {
        return send(find(next.keyId()).map(StoredRecord::stamp).orElse(Stamp.ABSENT), next);
      } catch (IOException e) {
        throw unknown();
      }
    }
  }

  static final class SeesNothingAfterAFailure extends LineKeyStore {
    SeesNothingAfterAFailure(int port, int connections) {
      super(port, connections);
    }

    @Override
    Optional<StoredRecord> readFailed(IOException failure) {
      return Optional.empty();
    }
  }

  static final class RefusesAfterAFailure extends LineKeyStore {
    RefusesAfterAFailure(int port, int connections) {
      super(port, connections);
    }

    @Override
    CasResult failed(Stamp expected, KeyRecord next, IOException failure) {
      return CasResult.NONE_LIVE;
    }
  }

  static final class ThrowsWhatItGets extends LineKeyStore {
    ThrowsWhatItGets(int port, int connections) {
      super(port, connections);
    }

    @Override
    CasResult failed(Stamp expected, KeyRecord next, IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
