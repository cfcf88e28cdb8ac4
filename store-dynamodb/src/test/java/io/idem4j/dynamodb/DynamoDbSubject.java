package io.idem4j.dynamodb;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.RecordCodec;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.Samples;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * A table for the contract suite; one serves all tests of a class. The margin for clock skew is
 * zero here: the suite waits for retentions of some milliseconds to be over, and both instances go
 * by one clock, which it moves. {@link SkewTest} is about the margin.
 */
final class DynamoDbSubject implements KeyStoreSubject {
  private final AtomicLong movedMs = new AtomicLong();
  private final String table;
  private final UnaryOperator<DynamoDbKeyStore.Builder> settings;
  private final Items items;
  private final DynamoDbKeyStore store;
  private final DynamoDbKeyStore second;

  /**
   * @param table where records are kept; made if it is missing
   * @param settings how the stores are built
   */
  DynamoDbSubject(String table, UnaryOperator<DynamoDbKeyStore.Builder> settings, Layout layout) {
    this.table = table;
    this.settings = settings;
    this.items = new Items(DynamoDb.client(), layout);
    this.store = build(DynamoDb.client());
    this.second = build(DynamoDb.client());
  }

  /** A table with nothing but records in it. */
  static DynamoDbSubject plain(String table, UnaryOperator<DynamoDbKeyStore.Builder> settings) {
    return new DynamoDbSubject(
        table, settings, new Layout(table, "pk", "", null, "", "expire_at_s"));
  }

  private DynamoDbKeyStore build(DynamoDbClient client) {
    return settings
        .apply(DynamoDbKeyStore.builder(client))
        .table(table)
        .clockSkew(Duration.ZERO)
        .clock(() -> Instant.now().plusMillis(movedMs.get()))
        .maximumSlot(DynamoDbKeyStore.Builder.LARGEST_SLOT)
        .createTableIfMissing()
        .build();
  }

  @Override
  public KeyStore store() {
    return store;
  }

  @Override
  public KeyStore secondInstance() {
    return second;
  }

  @Override
  public void elapse(Duration time) {
    movedMs.addAndGet(time.toMillis());
  }

  @Override
  public OptionalInt maximumSlot() {
    return OptionalInt.of(DynamoDbKeyStore.Builder.LARGEST_SLOT);
  }

  @Override
  public Optional<KeyStore> unreachable() {
    Detour detour = new Detour();
    DynamoDbKeyStore lost = build(DynamoDb.builder().overrideConfiguration(detour::lay).build());
    detour.leadTo(URI.create("http://127.0.0.1:" + DynamoDb.freePort()));
    return Optional.of(lost);
  }

  @Override
  public List<Damage> damages() {
    List<Damage> all = new ArrayList<>();
    for (String each :
        List.of(Layout.HEAD, Layout.SLOTS, Layout.SLOTS_SIZE, Layout.LEASE_UNTIL_MS)) {
      all.add(damage(each + " missing", true, item -> item.remove(each)));
      all.add(damage(each + " a string", true, item -> item.put(each, AttributeValue.fromS("5"))));
      all.add(damage(each + " null", true, item -> item.put(each, AttributeValue.fromNul(true))));
    }
    all.add(bytes("head emptied", Layout.HEAD, head -> new byte[0]));
    all.add(bytes("head cut to a byte", Layout.HEAD, head -> Arrays.copyOf(head, 1)));
    all.add(bytes("head cut to its format", Layout.HEAD, head -> Arrays.copyOf(head, 2)));
    all.add(bytes("head cut after its stamp", Layout.HEAD, head -> Arrays.copyOf(head, 18)));
    all.add(bytes("head cut by a byte", Layout.HEAD, head -> Arrays.copyOf(head, head.length - 1)));
    all.add(bytes("a byte more in the head", Layout.HEAD, h -> Arrays.copyOf(h, h.length + 1)));
    for (int at : new int[] {2, 17, 18, 49, 50, 58, 62, 75, 90, 125}) {
      all.add(bytes("head flipped at " + at, Layout.HEAD, head -> flip(head, at)));
    }
    all.add(bytes("head of another key", Layout.HEAD, head -> ofAnotherKey()));
    all.add(bytes("slots emptied", Layout.SLOTS, slots -> new byte[0]));
    all.add(bytes("slots cut by a byte", Layout.SLOTS, s -> Arrays.copyOf(s, s.length - 1)));
    all.add(bytes("a byte more in the slots", Layout.SLOTS, s -> Arrays.copyOf(s, s.length + 1)));
    all.add(damage("slots a string of their length", true, DynamoDbSubject::makeSlotsText));
    all.add(damage("record of another key, same stamp", true, DynamoDbSubject::moveToAnotherKey));
    all.add(number("slots_size", true, Layout.SLOTS_SIZE, "7"));
    for (String value : List.of("0", "-1", "1", "1.5", "253402300799999", "9".repeat(38))) {
      all.add(number("lease end " + value, true, Layout.LEASE_UNTIL_MS, value));
      all.add(number("retention end " + value, false, Layout.RETAIN_UNTIL_MS, value));
    }
    String retain = Layout.RETAIN_UNTIL_MS;
    all.add(damage("retention end missing", false, item -> item.remove(retain)));
    all.add(damage("retention end a string", false, i -> i.put(retain, AttributeValue.fromS("5"))));
    String guard = Layout.GUARD;
    all.add(damage("guard missing", false, item -> item.remove(guard)));
    all.add(damage("guard a string", false, i -> i.put(guard, AttributeValue.fromS("5"))));
    all.add(damage("guard empty", false, i -> i.put(guard, AttributeValue.fromL(List.of()))));
    for (int at = 0; at < 3; at++) {
      int index = at;
      all.add(damage("guard[" + at + "] altered", at > 0, item -> alterGuard(item, index)));
    }
    all.add(damage("guard cut to one", true, item -> cutGuard(item, 1)));
    all.add(damage("guard cut to two", true, item -> cutGuard(item, 2)));
    return all;
  }

  private static void makeSlotsText(Map<String, AttributeValue> item) {
    String text = "x".repeat(Integer.parseInt(item.get(Layout.SLOTS_SIZE).n()));
    item.put(Layout.SLOTS, AttributeValue.fromS(text));
  }

  /** Sound in itself, copies and sums included: it only answers for another key. */
  private static void moveToAnotherKey(Map<String, AttributeValue> item) {
    byte[] old = item.get(Layout.HEAD).b().asByteArray();
    Stamp stamp = Stamp.of(Arrays.copyOfRange(old, Short.BYTES, Short.BYTES + Stamp.LENGTH));
    KeyRecord other = Samples.completed(Samples.keyId(), stamp).build();
    AttributeValue head = binary(RecordCodec.encodeHead(other));
    byte[] slots = RecordCodec.encodeSlots(other.keyId(), other.slots());
    List<AttributeValue> copies = new ArrayList<>(item.get(Layout.GUARD).l());
    copies.set(Layout.GUARD_HEAD, head);
    item.put(Layout.HEAD, head);
    item.put(Layout.GUARD, AttributeValue.fromL(copies));
    item.put(Layout.SLOTS, binary(slots));
    item.put(Layout.SLOTS_SIZE, AttributeValue.fromN(Integer.toString(slots.length)));
  }

  private static AttributeValue binary(byte[] bytes) {
    return AttributeValue.fromB(SdkBytes.fromByteArray(bytes));
  }

  private static void alterGuard(Map<String, AttributeValue> item, int index) {
    List<AttributeValue> copies = new ArrayList<>(item.get(Layout.GUARD).l());
    copies.set(index, AttributeValue.fromN("5"));
    item.put(Layout.GUARD, AttributeValue.fromL(copies));
  }

  private static void cutGuard(Map<String, AttributeValue> item, int length) {
    List<AttributeValue> copies = item.get(Layout.GUARD).l();
    if (copies.size() >= length) {
      item.put(Layout.GUARD, AttributeValue.fromL(copies.subList(0, length)));
    }
  }

  private Damage number(String name, boolean expires, String attribute, String value) {
    return damage(name, expires, item -> item.put(attribute, AttributeValue.fromN(value)));
  }

  private Damage bytes(String name, String attribute, UnaryOperator<byte[]> how) {
    return damage(
        name,
        true,
        item -> item.put(attribute, binary(how.apply(item.get(attribute).b().asByteArray()))));
  }

  private Damage damage(
      String name, boolean expires, Consumer<Map<String, AttributeValue>> change) {
    return new Damage(name, expires, id -> items.change(id, change));
  }

  private static byte[] ofAnotherKey() {
    KeyRecord other = Samples.completed(Samples.keyId(), Samples.stamp()).build();
    return RecordCodec.encodeHead(other);
  }

  private static byte[] flip(byte[] head, int at) {
    byte[] flipped = head.clone();
    flipped[at] ^= 0x10;
    return flipped;
  }
}
