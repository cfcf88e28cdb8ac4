/**
 * Idempotency over HTTP, free of any framework: {@link io.idem4j.http.HttpIdempotency} takes key
 * and fingerprint from a request, runs its handler once per key, and makes a response of each
 * outcome; {@link io.idem4j.http.HttpPolicy} says how, and {@link io.idem4j.http.HttpPresets} holds
 * policies that behave like the IETF draft and like some vendors.
 *
 * <p>The layer stands behind authentication and authorisation, and before the handler. A handler's
 * response is recorded before it is sent, whether or not its client is still there.
 */
@NullMarked
package io.idem4j.http;

import org.jspecify.annotations.NullMarked;
