/** A store of idempotency records in a DynamoDB table. */
@NullMarked
package io.idem4j.dynamodb;

import org.jspecify.annotations.NullMarked;
