package io.idem4j;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Which checks cover which invariant and which failure case of a peer; read from {@code proof.txt}.
 */
record ProofTable(List<Row> invariants, List<Row> peers, List<String> limits) {
  /**
   * What is to be covered.
   *
   * @param number I1 to I45, or the case's number
   * @param title in a few words
   * @param checks what covers it; none is a gap
   */
  record Row(String number, String title, List<Check> checks) {}

  /**
   * One check.
   *
   * @param kind PT, MC, LC, TCK, FP, CK, HC, FZ, UT (a test of one situation), MUT; "elsewhere" for
   *     a test of another module; "review", "later" or "cannot" for a sentence instead of a test
   * @param text a test as Class.method, in which * stands for anything; or the sentence
   */
  record Check(String kind, String text) {
    boolean isTest() {
      return !List.of("elsewhere", "review", "later", "cannot").contains(kind);
    }

    /** Says whether the check is this test of this module. */
    boolean covers(String test) {
      String[] parts = text.split("\\*", -1);
      StringBuilder regex = new StringBuilder();
      for (int i = 0; i < parts.length; i++) {
        regex.append(i == 0 ? "" : ".*").append(Pattern.quote(parts[i]));
      }
      return test.matches(regex.toString());
    }
  }

  static ProofTable read() {
    List<Row> invariants = new ArrayList<>();
    List<Row> peers = new ArrayList<>();
    List<String> limits = new ArrayList<>();
    List<Check> checks = new ArrayList<>();
    for (String line : lines()) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      } else if (line.startsWith("- ")) {
        limits.add(line.substring(2));
        continue;
      }
      String[] words = line.strip().split(" +", 2);
      if (line.startsWith(" ")) {
        checks.add(new Check(words[0], words[1]));
      } else {
        checks = new ArrayList<>();
        (words[0].startsWith("I") ? invariants : peers).add(new Row(words[0], words[1], checks));
      }
    }
    return new ProofTable(invariants, peers, limits);
  }

  private static List<String> lines() {
    try (InputStream in = ProofTable.class.getResourceAsStream("/proof.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
