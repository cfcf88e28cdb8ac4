package io.idem4j.spi;

import java.util.Optional;

/**
 * The states of a key, and the moves that are legal between them.
 *
 * <pre>
 *            claim            complete
 *   NEW ───────────► LOCKED ───────────► COMPLETED
 *                    │ ▲  ▲ renew, checkpoint, take over (LOCKED → LOCKED)
 *               fail │ │  │
 *                    │ │  └── claim ──── FAILED_RETRYABLE ◄─┐ resolve
 *                    ├─┼───────────────►                   │
 *                    │ └── recover ───── FAILED_IN_DOUBT ──┴► COMPLETED
 *                    ├─────────────────►       │ settled by its own holder
 *                    └─────────────────► FAILED_FINAL ◄┘
 *
 *   FAILED_IN_DOUBT ── its own holder adds a step, or gives it back ──► FAILED_IN_DOUBT
 *
 *   any ── retention over, forget ──► NEW
 * </pre>
 *
 * <p>The three {@code FAILED_…} states are the kinds of one state, FAILED: what they have in common
 * is that no operation runs.
 */
public enum KeyState {
  /** No live record exists; the only state that is never stored. */
  NEW(0),

  /** A holder runs the operation, or ran it and died; its lease says how long that is respected. */
  LOCKED(1),

  /**
   * The operation ended and its answer is recorded; every duplicate gets it until retention ends.
   */
  COMPLETED(2),

  /** The operation failed and may run again: the next claim takes the key at once. */
  FAILED_RETRYABLE(3),

  /** The operation failed and the failure is the answer: it is replayed like a completion. */
  FAILED_FINAL(4),

  /** Nobody knows whether the effect was made: never re-run by itself, settled by a resolution. */
  FAILED_IN_DOUBT(5);

  private final int code;

  KeyState(int code) {
    this.code = code;
  }

  /** Returns the number under which stores keep this state; it never changes. */
  public int code() {
    return code;
  }

  /** Returns the state with this number, or nothing if no stored state has it. */
  public static Optional<KeyState> ofCode(int code) {
    for (KeyState state : values()) {
      if (state.code == code && state != NEW) {
        return Optional.of(state);
      }
    }
    return Optional.empty();
  }

  /** Says whether a record in this state may be replaced by one in {@code to}. */
  public boolean canMoveTo(KeyState to) {
    return switch (this) {
      case NEW -> to == LOCKED;
      case LOCKED -> true;
      case COMPLETED, FAILED_FINAL -> to == NEW;
      case FAILED_RETRYABLE -> to == NEW || to == LOCKED;
      // In doubt it stays where its own holder adds a step that the marker did not know of, or ran
      // nothing and gives the doubt back to the holder before it.
      case FAILED_IN_DOUBT -> true;
    };
  }

  /** Says whether this state is final until retention ends: its answer is replayed. */
  public boolean isTerminal() {
    return this == COMPLETED || this == FAILED_FINAL;
  }
}
