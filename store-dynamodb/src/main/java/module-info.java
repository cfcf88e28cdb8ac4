/** Keeps idempotency records in a DynamoDB table. */
module io.idem4j.dynamodb {
  requires transitive io.idem4j;
  requires transitive software.amazon.awssdk.services.dynamodb;
  requires software.amazon.awssdk.awscore;
  requires software.amazon.awssdk.core;
  requires software.amazon.awssdk.enhanced.dynamodb;
  requires software.amazon.awssdk.http;
  requires org.slf4j;
  requires static org.jspecify;

  exports io.idem4j.dynamodb;
}
