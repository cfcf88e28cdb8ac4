package io.idem4j.http;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Tells what a handler threw from what core threw: a handler may well use this library itself, and
 * what it throws then says nothing about its own request's key. Safe for use by many threads.
 */
final class Tried {
  private volatile boolean began;
  private volatile @Nullable Throwable thrown;
  private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();

  /** A handler's call. */
  @FunctionalInterface
  interface Handling<X extends Exception> {
    HttpResponse run() throws X;
  }

  <X extends Exception> HttpResponse note(Handling<X> handling) throws X {
    began = true;
    try {
      return Objects.requireNonNull(handling.run(), "the handler's response");
    } catch (Throwable e) {
      thrown = e;
      throw e;
    }
  }

  CompletionStage<HttpResponse> noteAsync(Callable<CompletionStage<HttpResponse>> handling)
      throws Exception {
    began = true;
    try {
      return handling
          .call()
          .handle(
              (response, failure) -> {
                ended.complete(null);
                if (failure != null) {
                  thrown = unwrapped(failure);
                  throw new CompletionException(unwrapped(failure));
                }
                return Objects.requireNonNull(response, "the handler's response");
              });
    } catch (Throwable e) {
      thrown = e;
      ended.complete(null);
      throw e;
    }
  }

  /** Does something when an asynchronous handler has ended. */
  void atEnd(Runnable task) {
    var unused = ended.thenRun(task);
  }

  static Throwable unwrapped(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause : failure;
  }

  boolean began() {
    return began;
  }

  boolean threw(Throwable failure) {
    return failure == thrown;
  }
}
