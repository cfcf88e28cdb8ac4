package io.idem4j.examples.client;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import org.jspecify.annotations.Nullable;

/** Reads a body up to a limit, and hangs up on what is longer. Read by others once complete. */
final class BoundedBody implements BodySubscriber<BoundedBody> {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CompletableFuture<BoundedBody> done = new CompletableFuture<>();
  private final int most;
  private boolean isWhole = true;
  private @Nullable Subscription subscription;

  BoundedBody(int most) {
    this.most = most;
  }

  byte[] bytes() {
    return bytes.toByteArray();
  }

  /** Says whether nothing was left out. */
  boolean isWhole() {
    return isWhole;
  }

  @Override
  public CompletionStage<BoundedBody> getBody() {
    return done;
  }

  @Override
  public void onSubscribe(Subscription subscription) {
    this.subscription = subscription;
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(List<ByteBuffer> pieces) {
    for (ByteBuffer piece : pieces) {
      byte[] taken = new byte[Math.min(piece.remaining(), most - bytes.size())];
      isWhole &= taken.length == piece.remaining();
      piece.get(taken);
      bytes.writeBytes(taken);
    }
    if (!isWhole) {
      if (subscription != null) {
        subscription.cancel();
      }
      done.complete(this);
    }
  }

  @Override
  public void onError(Throwable failure) {
    done.completeExceptionally(failure);
  }

  @Override
  public void onComplete() {
    done.complete(this);
  }
}
