/** What the benchmarks need of the DynamoDB store itself: its own conditions, sent by hand. */
@org.jspecify.annotations.NullMarked
package io.idem4j.dynamodb;
