package io.idem4j.dynamodb;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.dynamodb.model.ConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.dynamodb.model.ReturnConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.ScanRequest;
import software.amazon.awssdk.services.dynamodb.model.ScanResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/** What a client sends, attempt by attempt, and what its requests consumed. */
final class Meter implements ExecutionInterceptor {
  private final List<String> attempts = new CopyOnWriteArrayList<>();
  private final List<DynamoDbRequest> requests = new CopyOnWriteArrayList<>();
  private final List<Double> units = new CopyOnWriteArrayList<>();

  /** Returns the names of the operations that were sent since the last call, and forgets them. */
  List<String> take() {
    List<String> taken = new ArrayList<>(attempts);
    attempts.clear();
    requests.clear();
    units.clear();
    return taken;
  }

  /** Returns the requests since the last {@link #take}. */
  List<DynamoDbRequest> requests() {
    return requests;
  }

  /** Returns the units of each request since the last {@link #take} whose answer names them. */
  List<Double> units() {
    return units;
  }

  @Override
  public SdkRequest modifyRequest(Context.ModifyRequest context, ExecutionAttributes attributes) {
    SdkRequest request = context.request();
    if (request instanceof GetItemRequest get) {
      return get.toBuilder().returnConsumedCapacity(ReturnConsumedCapacity.TOTAL).build();
    }
    if (request instanceof PutItemRequest put) {
      return put.toBuilder().returnConsumedCapacity(ReturnConsumedCapacity.TOTAL).build();
    }
    if (request instanceof UpdateItemRequest update) {
      return update.toBuilder().returnConsumedCapacity(ReturnConsumedCapacity.TOTAL).build();
    }
    if (request instanceof ScanRequest scan) {
      return scan.toBuilder().returnConsumedCapacity(ReturnConsumedCapacity.TOTAL).build();
    }
    return request;
  }

  @Override
  public void beforeTransmission(
      Context.BeforeTransmission context, ExecutionAttributes attributes) {
    DynamoDbRequest request = (DynamoDbRequest) context.request();
    attempts.add(request.getClass().getSimpleName().replace("Request", ""));
    requests.add(request);
  }

  @Override
  public void afterExecution(Context.AfterExecution context, ExecutionAttributes attributes) {
    ConsumedCapacity consumed = null;
    if (context.response() instanceof GetItemResponse get) {
      consumed = get.consumedCapacity();
    } else if (context.response() instanceof PutItemResponse put) {
      consumed = put.consumedCapacity();
    } else if (context.response() instanceof UpdateItemResponse update) {
      consumed = update.consumedCapacity();
    } else if (context.response() instanceof ScanResponse scan) {
      consumed = scan.consumedCapacity();
    }
    if (consumed != null) {
      units.add(consumed.capacityUnits());
    }
  }
}
