package io.idem4j.examples.jobs;

import java.io.IOException;

/**
 * The systems of others that a job calls. Every call may throw though it took effect: a lost reply.
 */
interface Partners {
  /**
   * Reserves what was ordered. Takes effect once per key: the warehouse knows keys.
   *
   * @return the number of the reservation
   */
  String reserve(String key, String order) throws IOException, InterruptedException;

  /**
   * Charges an order. Takes effect once per key: the bank knows keys.
   *
   * @return the receipt
   */
  String charge(String key, String order) throws IOException, InterruptedException;

  /** Sends a mail. The mail service knows no keys: each call sends one more. */
  void mail(String messageId, String text) throws IOException, InterruptedException;

  /** Asks the mail service whether a mail with this id was taken. */
  boolean isMailed(String messageId) throws IOException, InterruptedException;
}
