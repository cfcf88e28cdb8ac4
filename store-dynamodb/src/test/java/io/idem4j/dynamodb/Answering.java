package io.idem4j.dynamodb;

import java.util.function.UnaryOperator;
import software.amazon.awssdk.core.SdkResponse;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableResponse;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;

/** Changes answers that the local server would never give: those of other tables and clocks. */
final class Answering implements ExecutionInterceptor {
  private final UnaryOperator<TableDescription> table;
  private final UnaryOperator<SdkHttpResponse> head;

  private Answering(UnaryOperator<TableDescription> table, UnaryOperator<SdkHttpResponse> head) {
    this.table = table;
    this.head = head;
  }

  /** Returns a client that is told this of each table. */
  static DynamoDbClient table(UnaryOperator<TableDescription.Builder> change) {
    return client(
        new Answering(found -> change.apply(found.toBuilder()).build(), UnaryOperator.identity()));
  }

  /** Returns a client whose answers have another head. */
  static DynamoDbClient head(UnaryOperator<SdkHttpResponse.Builder> change) {
    return client(
        new Answering(UnaryOperator.identity(), found -> change.apply(found.toBuilder()).build()));
  }

  private static DynamoDbClient client(Answering answering) {
    return DynamoDb.builder()
        .overrideConfiguration(o -> o.addExecutionInterceptor(answering))
        .build();
  }

  @Override
  public SdkHttpResponse modifyHttpResponse(
      Context.ModifyHttpResponse context, ExecutionAttributes attributes) {
    return head.apply(context.httpResponse());
  }

  @Override
  public SdkResponse modifyResponse(
      Context.ModifyResponse context, ExecutionAttributes attributes) {
    return context.response() instanceof DescribeTableResponse described
        ? described.toBuilder().table(table.apply(described.table())).build()
        : context.response();
  }
}
