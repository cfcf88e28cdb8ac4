package io.idem4j.examples.messages;

import io.idem4j.OperationContext;

/** Makes the effect of one message. Called by one thread of each session. */
@FunctionalInterface
public interface MessageHandler {
  /**
   * Makes the effect.
   *
   * @param body the bytes of the message; text as UTF-8
   * @param context what the handler may know of its run: derive ids of what is created, and keys of
   *     calls to others, from it
   * @throws PoisonMessageException if the message can never be handled
   * @throws Exception if it cannot be handled now
   */
  void handle(byte[] body, OperationContext context) throws Exception;
}
