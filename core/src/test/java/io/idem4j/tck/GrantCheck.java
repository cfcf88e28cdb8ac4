package io.idem4j.tck;

import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Grants.Taken;
import io.idem4j.tck.History.Call;
import io.idem4j.tck.History.Deed;
import io.idem4j.tck.Life.Version;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Decides whether engines could have written these lives: who may write what over what, and which
 * claims may have run their action. A grant is opened by a LOCKED record that another claim than
 * the one before it wrote; whatever else is written, its holder writes, or who marks a doubt.
 *
 * <p>That grants are bounded by lapses and releases (I12) follows: each is opened over nothing,
 * over what was released or in doubt, or over a lock that somebody had seen lapsed.
 */
final class GrantCheck {
  private final List<Deed> deeds;
  private final Findings findings;
  private final Grants grants;
  private final Set<Grant> opened = new HashSet<>();

  private GrantCheck(List<Call> calls, List<Deed> deeds, Findings findings) {
    this.deeds = deeds;
    this.findings = findings;
    this.grants = new Grants(calls, deeds);
  }

  /** Reports what no engine writes; returns the grants. */
  static Grants check(List<Call> calls, List<Deed> deeds, List<Life> lives, Findings findings) {
    GrantCheck check = new GrantCheck(calls, deeds, findings);
    lives.forEach(check::life);
    check.starts();
    return check.grants;
  }

  private void life(Life life) {
    Version before = null;
    for (Version version : life.versions()) {
      if (before == null) {
        first(version);
      } else if (isLegal(before, version)) {
        step(before, version);
      }
      boolean opens =
          version.state() == KeyState.LOCKED
              && (before == null
                  || before.state() != KeyState.LOCKED
                  || !before.writer().equals(version.writer()));
      if (opens) {
        grants.add(new Taken(life, version));
        if (!opened.add(version.writer())) {
          findings.add("I2, I3", "one claim took the key twice", version.write());
        }
      }
      if (version.state() == KeyState.LOCKED
          && !version.record().grant().equals(version.writer())) {
        findings.add("I3", "a lock bears another grant than its own", version.write());
      }
      before = version;
    }
  }

  private void first(Version version) {
    if (version.state() != KeyState.LOCKED) {
      findings.add("I5", "a life began as " + version.state(), version.write());
    } else if (version.record().attempt() != 1) {
      findings.add("I12 (attempts)", "a first claim is not attempt 1", version.write());
    }
  }

  private boolean isLegal(Version before, Version after) {
    if (before.state().isTerminal()) {
      boolean second = after.state().isTerminal();
      String what = second ? "a second answer was recorded" : "a recorded answer was replaced";
      findings.add(second ? "I1" : "I5", what, before.write(), after.write());
      return false;
    } else if (!before.state().canMoveTo(after.state())) {
      String what = "illegal move from " + before.state() + " to " + after.state();
      findings.add("I5", what, before.write(), after.write());
      return false;
    }
    return true;
  }

  private void step(Version before, Version after) {
    if (!before.record().fingerprint().equals(after.record().fingerprint())) {
      findings.add("I11", "the fingerprint changed within a life", before.write(), after.write());
    }
    boolean own = before.writer().equals(after.writer());
    if (after.state() == KeyState.LOCKED && !(own && before.state() == KeyState.LOCKED)) {
      claim(before, after);
      return;
    }
    if (before.record().fence() != after.record().fence()) {
      findings.add("I2", "a fence changed without a claim", before.write(), after.write());
    }
    if (after.state() == KeyState.LOCKED) {
      attempts(before, after, before.record().attempt());
    } else if (own || before.record().grant().equals(after.writer())) {
      settlement(before, after);
    } else if (before.state() == KeyState.LOCKED && after.state() == KeyState.FAILED_IN_DOUBT) {
      attempts(before, after, before.record().attempt());
      if (!after.record().grant().equals(before.record().grant())) {
        findings.add("I3", "a mark of doubt changed the grant", before.write(), after.write());
      }
      lapsed(before, after, "a running lease was marked as in doubt");
    } else {
      findings.add(
          "I4", "the record of one grant was settled by another", before.write(), after.write());
    }
  }

  /** A new grant over a record. */
  private void claim(Version before, Version after) {
    if (after.record().fence() <= before.record().fence()) {
      findings.add("I2", "a claim did not raise the fence", before.write(), after.write());
    }
    int attempt = before.record().attempt();
    if (before.state() != KeyState.LOCKED) {
      attempts(before, after, attempt + 1);
    } else if (isReleasing(before, after.write().invoked())) {
      // What never ran counts as no attempt.
      if (after.record().attempt() != attempt || !neverRan(before)) {
        attempts(before, after, attempt + 1);
      }
    } else {
      attempts(before, after, attempt + 1);
      lapsed(before, after, "a running lease was taken over");
    }
  }

  /**
   * Whether the holder may have been giving the record back: its claim never learned that it held
   * the key, or its release has no answer. Its own engine may then take the key at once.
   */
  private boolean isReleasing(Version lock, long by) {
    boolean unresolvedClaim =
        grants.unanswered(lock.writer(), KeyState.LOCKED) <= by && neverRan(lock);
    return unresolvedClaim || grants.unanswered(lock.writer(), KeyState.FAILED_RETRYABLE) <= by;
  }

  private void settlement(Version before, Version after) {
    // A withdrawal: the claim never ran, so the old number and the old grant are put back.
    boolean withdrawn =
        !after.state().isTerminal()
            && after.record().attempt() == before.record().attempt() - 1
            && neverRan(before);
    if (!withdrawn) {
      attempts(before, after, before.record().attempt());
      if (!after.record().grant().equals(after.writer())) {
        findings.add("I3", "a settlement bears another's grant", before.write(), after.write());
      }
    }
  }

  private boolean neverRan(Version lock) {
    return grants.started(lock.record().fence()).isEmpty();
  }

  private void attempts(Version before, Version after, int wanted) {
    int attempt = after.record().attempt();
    if (attempt != wanted) {
      findings.add(
          "I12 (attempts)",
          "attempt " + attempt + " where " + wanted + " is due",
          before.write(),
          after.write());
    }
  }

  private void lapsed(Version before, Version after, String what) {
    Stamp stamp = before.stamp();
    long by = after.write().invoked();
    if (grants.seenLapsed(stamp) > by && grants.wasSeen(stamp, by)) {
      findings.add("I8, I9", what, before.write(), after.write());
    }
  }

  private void starts() {
    Set<Long> fences = new HashSet<>();
    for (Deed deed : deeds) {
      if (deed.kind() != History.Kind.STARTED) {
        continue;
      }
      List<Taken> under = grants.of(deed.fence());
      if (under.isEmpty()) {
        findings.add("I12", "an action started under no grant", deed);
      } else if (under.stream().noneMatch(it -> grants.learned(it.grant()) <= deed.invoked())) {
        findings.add("I12, I18", "an action started before its claim was granted", deed);
      } else if (under.size() < count(fences, deed)) {
        findings.add("I12", "an action started twice under one grant", deed);
      } else if (deed.attempt().isPresent()
          && under.stream().noneMatch(it -> isAttempt(it.record(), deed))) {
        findings.add("I12 (attempts)", "an action was told another attempt", deed);
      }
    }
  }

  private static boolean isAttempt(KeyRecord record, Deed deed) {
    return record.attempt() == deed.attempt().orElseThrow();
  }

  private int count(Set<Long> fences, Deed deed) {
    long fence = deed.fence().orElseThrow();
    // Reported once per fence, at its first start.
    return fences.add(fence) ? grants.started(fence).size() : 0;
  }
}
