package io.idem4j;

import io.idem4j.FailureClassifier.Verdict;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says which answers of an operation are none that a retry should get: an HTTP response with status
 * 503, say, that no exception came with. See {@link Operation#withAnswerClassifier}.
 *
 * <p>One that throws is taken to have said nothing, so that the answer is recorded. Safe for use by
 * many threads.
 *
 * @param <T> the type of the answers
 */
@FunctionalInterface
public interface AnswerClassifier<T extends @Nullable Object> {
  /**
   * Returns what is recorded instead of the answer; empty to record the answer.
   *
   * @param answer what the operation returned
   * @param key the key under which it ran
   */
  Optional<Verdict> classify(T answer, IdempotencyKey key);
}
