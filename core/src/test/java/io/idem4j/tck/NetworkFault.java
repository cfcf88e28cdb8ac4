package io.idem4j.tck;

/**
 * What can happen to one exchange of messages between a client and its server. A message is all
 * that one side sends before the other answers, whatever the protocol is.
 *
 * <p>Each is made of three decisions: which of the two messages it is done to, how much of that
 * message passes, and what comes then.
 */
public enum NetworkFault {
  /** Nothing arrives, and nothing is ever heard again. */
  REQUEST_LOST("request lost, silence", Side.REQUEST, Passed.NOTHING, Then.SILENCE),
  /** Nothing arrives, and the connection is closed. */
  REQUEST_LOST_CLOSED("request lost, closed", Side.REQUEST, Passed.NOTHING, Then.CLOSED),
  /** Nothing arrives, and the connection is reset. */
  REQUEST_LOST_RESET("request lost, reset", Side.REQUEST, Passed.NOTHING, Then.RESET),
  /** One byte arrives; then both connections are closed. */
  REQUEST_CUT_AFTER_A_BYTE("request cut after 1 byte", Side.REQUEST, Passed.A_BYTE, Then.CLOSED),
  /** Half arrives; then both connections are closed. */
  REQUEST_CUT_IN_THE_MIDDLE("request cut in the middle", Side.REQUEST, Passed.HALF, Then.CLOSED),
  /** All but the last byte arrives; then both connections are closed. */
  REQUEST_CUT_BEFORE_THE_END(
      "request cut before its last byte", Side.REQUEST, Passed.ALL_BUT_A_BYTE, Then.CLOSED),
  /** All but the last byte arrives; then nothing is heard any more. */
  REQUEST_STUCK_BEFORE_THE_END(
      "request stuck before its last byte", Side.REQUEST, Passed.ALL_BUT_A_BYTE, Then.SILENCE),
  /** It arrives a little later, while the client waits. */
  REQUEST_SLOW("request slow", Side.REQUEST, Passed.NOTHING, Then.PAUSE),
  /** It arrives after the client gave up, and before anything else is done to the key. */
  REQUEST_LATE("request late", Side.REQUEST, Passed.NOTHING, Then.LATE),
  /** It arrives after the client gave up, sent it again, and others went on from there. */
  REQUEST_VERY_LATE("request very late", Side.REQUEST, Passed.NOTHING, Then.LATE),
  /** The second half arrives after the client gave up. */
  REQUEST_HALF_LATE("half the request late", Side.REQUEST, Passed.HALF, Then.LATE),

  /** The server did it; nothing is ever heard of it. */
  REPLY_LOST("reply lost, silence", Side.REPLY, Passed.NOTHING, Then.SILENCE),
  /** The server did it; the connection is closed. */
  REPLY_LOST_CLOSED("reply lost, closed", Side.REPLY, Passed.NOTHING, Then.CLOSED),
  /** The server did it; the connection is reset. */
  REPLY_LOST_RESET("reply lost, reset", Side.REPLY, Passed.NOTHING, Then.RESET),
  /** The server did it, and each repetition too; every connection is reset until the call ends. */
  REPLIES_ALL_LOST("all replies lost, reset", Side.REPLY, Passed.NOTHING, Then.RESET),
  /** The first byte arrives; then the connection is closed. */
  REPLY_CUT_AFTER_A_BYTE("reply cut after 1 byte", Side.REPLY, Passed.A_BYTE, Then.CLOSED),
  /** Half arrives; then the connection is closed. */
  REPLY_CUT_IN_THE_MIDDLE("reply cut in the middle", Side.REPLY, Passed.HALF, Then.CLOSED),
  /** Half arrives; then the connection is reset. */
  REPLY_CUT_IN_THE_MIDDLE_RESET("reply cut, reset", Side.REPLY, Passed.HALF, Then.RESET),
  /** All but the last byte arrives; then the connection is closed. */
  REPLY_CUT_BEFORE_THE_END(
      "reply cut before its last byte", Side.REPLY, Passed.ALL_BUT_A_BYTE, Then.CLOSED),
  /** It arrives a little later, while the client waits. */
  REPLY_SLOW("reply slow", Side.REPLY, Passed.NOTHING, Then.PAUSE),
  /** Its first byte arrives at once and the rest a little later, while the client waits. */
  REPLY_IN_PIECES("reply in pieces", Side.REPLY, Passed.A_BYTE, Then.PAUSE),
  /** It arrives after the client gave up, on a connection that goes on. */
  REPLY_LATE("reply late", Side.REPLY, Passed.NOTHING, Then.LATE),
  /** All but its first byte arrives after the client gave up, on a connection that goes on. */
  REPLY_LATE_AFTER_A_BYTE("reply late after 1 byte", Side.REPLY, Passed.A_BYTE, Then.LATE),
  /** Its second half arrives after the client gave up, on a connection that goes on. */
  REPLY_HALF_LATE("half the reply late", Side.REPLY, Passed.HALF, Then.LATE),
  /** Its last byte arrives after the client gave up, on a connection that goes on. */
  REPLY_END_LATE("last byte of the reply late", Side.REPLY, Passed.ALL_BUT_A_BYTE, Then.LATE),

  /** It is answered; then the connection is closed, and the client may not have noticed. */
  CLOSED_AFTERWARDS("closed late", Side.REPLY, Passed.ALL, Then.CLOSED),
  /** It is answered; then the connection is reset. */
  RESET_AFTERWARDS("reset late", Side.REPLY, Passed.ALL, Then.RESET),
  /** It is answered; then nothing is heard any more on a connection that looks open. */
  SILENT_AFTERWARDS("half open afterwards", Side.REPLY, Passed.ALL, Then.SILENCE);

  /** The message that a fault is done to. */
  enum Side {
    REQUEST,
    REPLY
  }

  /** How much of the message passes at once. */
  enum Passed {
    NOTHING,
    A_BYTE,
    HALF,
    ALL_BUT_A_BYTE,
    ALL;

    /** How many of so many bytes; there is at least one. */
    int of(int length) {
      return switch (this) {
        case NOTHING -> 0;
        case A_BYTE -> 1;
        case HALF -> length / 2;
        case ALL_BUT_A_BYTE -> length - 1;
        case ALL -> length;
      };
    }
  }

  /** What comes after that. */
  enum Then {
    /** No byte passes any more, in either direction; the connections stay open. */
    SILENCE,
    CLOSED,
    RESET,
    /** The rest passes after a moment, and the connection goes on. */
    PAUSE,
    /** The rest passes when the test says so, and the connection goes on. */
    LATE
  }

  private final String title;
  private final Side side;
  private final Passed passed;
  private final Then then;

  NetworkFault(String title, Side side, Passed passed, Then then) {
    this.title = title;
    this.side = side;
    this.passed = passed;
    this.then = then;
  }

  Side side() {
    return side;
  }

  Passed passed() {
    return passed;
  }

  Then then() {
    return then;
  }

  /** Whether each exchange after the first one is struck too, until the plan is taken back. */
  boolean repeats() {
    return this == REPLIES_ALL_LOST;
  }

  /** Returns its name as tables and tests show it. */
  @Override
  public String toString() {
    return title;
  }
}
