package io.idem4j.examples.payments;

class MemoryServiceTest extends ServiceContract {
  @Override
  String store() {
    return "memory";
  }
}
