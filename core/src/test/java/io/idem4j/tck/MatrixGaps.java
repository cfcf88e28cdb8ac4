package io.idem4j.tck;

import io.idem4j.tck.Matrix.Runs;
import io.idem4j.tck.MatrixExpected.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Finds what was expected and did not run, or failed. */
final class MatrixGaps {
  private final Matrix matrix;
  private final List<String> gaps = new ArrayList<>();

  private MatrixGaps(Matrix matrix) {
    this.matrix = matrix;
  }

  static List<String> of(MatrixExpected expected, Matrix matrix) {
    MatrixGaps found = new MatrixGaps(matrix);
    expected.stores().forEach(found::look);
    matrix.runs.forEach(
        (cell, runs) -> {
          if (cell.section().equals(Matrix.CLASSES) && runs.failed() > 0) {
            found.gaps.add(cell.store() + ": " + cell.row() + " failed as a whole");
          }
        });
    return found.gaps;
  }

  private void look(String name, Store store) {
    Set<String> parts = store.parts();
    if (parts.contains(Matrix.RULES)) {
      MatrixExpected.rules().forEach(rule -> look(Matrix.RULES, name, rule, ""));
      look(Matrix.RULES, name, MatrixExpected.MODEL, "");
    }
    if (parts.contains(Matrix.FAULTS)) {
      for (String fault : MatrixExpected.faults()) {
        MatrixExpected.calls().forEach(call -> look(Matrix.FAULTS, name, fault, call));
      }
      MatrixExpected.randomRuns().forEach(run -> look(Matrix.FAULTS, name, run, ""));
    }
    store.hazards().forEach(hazard -> look(Matrix.HAZARDS, name, hazard, ""));
    boolean hasServers =
        matrix.runs.entrySet().stream()
            .anyMatch(
                each ->
                    each.getKey().section().equals(Matrix.SERVERS)
                        && each.getKey().store().equals(name)
                        && each.getValue().passed() > 0);
    if (parts.contains(Matrix.SERVERS) && !hasServers) {
      gaps.add(name + ": no fault of a server");
    }
  }

  private void look(String section, String store, String row, String column) {
    Runs runs = matrix.at(section, store, row, column);
    if (runs.isGap()) {
      String where = column.isEmpty() ? row : column + " × " + row;
      String what = runs.failed() > 0 ? " failed" : " did not run";
      gaps.add(store + ": " + where + what);
    }
  }
}
