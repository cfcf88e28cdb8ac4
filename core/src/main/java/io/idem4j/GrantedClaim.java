package io.idem4j;

import io.idem4j.KeyMachine.Request;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;

/** A claim that was granted: what its lease, its steps and its end have to do with. */
class GrantedClaim {
  final Engine engine;
  final Request request;
  final KeyRecord locked;
  final Grant earlier;
  final CheckpointSlot checkpoint;
  final Stamping stamps;
  final StoreCalls calls;
  final Events.Subject subject;

  GrantedClaim(
      Engine engine,
      Request request,
      KeyRecord locked,
      Grant earlier,
      CheckpointSlot checkpoint,
      Stamping stamps,
      StoreCalls calls,
      Events.Subject subject) {
    this.engine = engine;
    this.request = request;
    this.locked = locked;
    this.earlier = earlier;
    this.checkpoint = checkpoint;
    this.stamps = stamps;
    this.calls = calls;
    this.subject = subject;
  }

  Engine engine() {
    return engine;
  }

  Request request() {
    return request;
  }

  /** The record as it was claimed. */
  KeyRecord record() {
    return locked;
  }

  /** Whose attempt came before this one; its own where there was none. */
  Grant earlier() {
    return earlier;
  }

  /** What the steps have recorded, or are about to. */
  CheckpointSlot checkpoint() {
    return checkpoint;
  }

  Stamping stamps() {
    return stamps;
  }

  StoreCalls calls() {
    return calls;
  }

  Events.Subject subject() {
    return subject;
  }
}
