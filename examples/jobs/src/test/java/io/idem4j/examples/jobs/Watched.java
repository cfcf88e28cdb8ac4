package io.idem4j.examples.jobs;

import java.io.IOException;

/** Partners that tell before and after each call: where the caller may be stopped. */
record Watched(Partners partners, Watcher watcher) implements Partners {
  /** Told where the caller is. */
  interface Watcher {
    /** The caller goes on when this returns. */
    void at(Point point, String order);
  }

  /** Where a job may be stopped. */
  enum Point {
    /** Nothing is done. */
    BEFORE_RESERVE,
    /** Inside of the first step: its effect is made, and not recorded. */
    RESERVED,
    /** Between the first step, which is recorded, and the effect of the second. */
    BEFORE_CHARGE,
    /** Inside of the second step. */
    CHARGED,
    /** Between the second step and the effect of the third. */
    BEFORE_MAIL,
    /** Inside of the third step: the mail is sent, and nothing says so. */
    MAILED,
    /** Inside of the third step: that the mail was sent is recorded, and the step is not. */
    MAIL_RECORDED,
    /** All is done and recorded, and the scheduler does not know. */
    COMPLETED
  }

  @Override
  public String reserve(String key, String order) throws IOException, InterruptedException {
    watcher.at(Point.BEFORE_RESERVE, order);
    String reservation = partners.reserve(key, order);
    watcher.at(Point.RESERVED, order);
    return reservation;
  }

  @Override
  public String charge(String key, String order) throws IOException, InterruptedException {
    watcher.at(Point.BEFORE_CHARGE, firstWord(order));
    String receipt = partners.charge(key, order);
    watcher.at(Point.CHARGED, firstWord(order));
    return receipt;
  }

  @Override
  public void mail(String messageId, String text) throws IOException, InterruptedException {
    watcher.at(Point.BEFORE_MAIL, firstWord(text));
    partners.mail(messageId, text);
    watcher.at(Point.MAILED, firstWord(text));
  }

  @Override
  public boolean isMailed(String messageId) throws IOException, InterruptedException {
    return partners.isMailed(messageId);
  }

  private static String firstWord(String text) {
    return text.split(" ", 2)[0];
  }
}
