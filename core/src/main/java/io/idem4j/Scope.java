package io.idem4j;

import java.util.ArrayList;
import java.util.List;

/**
 * Whose keys these are: ordered parts such as tenant, caller, environment. Mandatory in every key,
 * so that one caller can never meet another's record.
 *
 * <p>Take the parts from what was authenticated, never from what the request merely claims.
 * Immutable and safe for use by many threads.
 */
public final class Scope {
  /** The longest part, in characters. */
  public static final int PART_LENGTH = 255;

  /** The largest number of parts. */
  public static final int MAXIMUM_PARTS = 16;

  private static final Scope SINGLE = new Scope(List.of());

  private final List<String> parts;

  private Scope(List<String> parts) {
    this.parts = parts;
  }

  /**
   * Returns the scope of these parts, in this order.
   *
   * @throws IllegalKeyException if a part is blank, longer than {@value #PART_LENGTH} characters or
   *     no well-formed Unicode, or there are more than {@value #MAXIMUM_PARTS} parts
   */
  public static Scope of(String first, String... more) {
    List<String> parts = new ArrayList<>(1 + more.length);
    parts.add(Text.require(first, "a scope part", PART_LENGTH));
    for (String part : more) {
      parts.add(Text.require(part, "a scope part", PART_LENGTH));
    }
    if (parts.size() > MAXIMUM_PARTS) {
      throw new IllegalKeyException("a scope has at most " + MAXIMUM_PARTS + " parts");
    }
    return new Scope(List.copyOf(parts));
  }

  /** Returns the scope of a system that has only one caller: a decision, spelled out. */
  public static Scope single() {
    return SINGLE;
  }

  List<String> parts() {
    return parts;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Scope that && parts.equals(that.parts);
  }

  @Override
  public int hashCode() {
    return parts.hashCode();
  }

  @Override
  public String toString() {
    return "Scope[" + parts.size() + " parts]";
  }
}
