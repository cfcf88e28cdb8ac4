package io.idem4j.http;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The header fields by which the layer says what it did. Their values are fixed here or come from
 * the layer, never from a record that a client had a hand in, but for the id of the original
 * request, which the service itself gave. Immutable.
 */
public final class Markers {
  /** A field of one fixed value. */
  record Field(String name, String value) {}

  /** A field with one value for yes and one for no. */
  record Flag(String name, String yes, @Nullable String no) {}

  /** Which field of the original response is replayed under which name. */
  record Original(String from, String to) {}

  private static final Markers NONE = new Markers(null, null, null, null, null);

  private final @Nullable Field replay;
  private final @Nullable Original original;
  private final @Nullable Flag transience;
  private final @Nullable String echo;
  private final @Nullable String lifetime;

  private Markers(
      @Nullable Field replay,
      @Nullable Original original,
      @Nullable Flag transience,
      @Nullable String echo,
      @Nullable String lifetime) {
    this.replay = replay;
    this.original = original;
    this.transience = transience;
    this.echo = echo;
    this.lifetime = lifetime;
    // Refused now, not with the first response.
    withFields(HttpResponse.of(200));
  }

  private void withFields(HttpResponse trial) {
    if (replay != null) {
      trial.withHeader(replay.name(), replay.value());
    }
    if (original != null) {
      trial.withHeader(original.from(), "").withHeader(original.to(), "");
    }
    if (transience != null) {
      trial.withHeader(transience.name(), transience.yes());
      trial.withHeader(transience.name(), transience.no() == null ? "" : transience.no());
    }
    if (echo != null) {
      trial.withHeader(echo, "");
    }
    if (lifetime != null) {
      trial.withHeader(lifetime, "");
    }
  }

  /** Returns no markers. */
  public static Markers none() {
    return NONE;
  }

  /** Returns {@code Idempotent-Replayed: true} on each replay, and nothing else. */
  public static Markers standard() {
    return NONE.withReplay("Idempotent-Replayed", "true");
  }

  /** Marks each replay by this field. */
  public Markers withReplay(String name, String value) {
    return new Markers(new Field(name, value), original, transience, echo, lifetime);
  }

  /**
   * Names the original request on each replay: records one field of the original response, such as
   * {@code Request-Id}, and replays it under another name, such as {@code Original-Request}.
   */
  public Markers withOriginalRequest(String from, String to) {
    return new Markers(replay, new Original(from, to), transience, echo, lifetime);
  }

  /**
   * Says on each of the layer's own refusals whether the unchanged request is worth another try.
   *
   * @param yes the value where it is
   * @param no the value where it is not; null for no such field
   */
  public Markers withTransience(String name, String yes, @Nullable String no) {
    return new Markers(replay, original, new Flag(name, yes, no), echo, lifetime);
  }

  /** Repeats the key, as it was sent, on each response to a request whose key was honoured. */
  public Markers withKeyEcho(String name) {
    return new Markers(replay, original, transience, name, lifetime);
  }

  /**
   * Says on each recorded response for how long it is kept, in seconds from its recording: the
   * policy's retention.
   */
  public Markers withLifetime(String name) {
    return new Markers(replay, original, transience, echo, name);
  }

  Optional<Field> replay() {
    return Optional.ofNullable(replay);
  }

  Optional<Original> original() {
    return Optional.ofNullable(original);
  }

  Optional<Flag> transience() {
    return Optional.ofNullable(transience);
  }

  Optional<String> echo() {
    return Optional.ofNullable(echo);
  }

  Optional<String> lifetime() {
    return Optional.ofNullable(lifetime);
  }
}
