package io.idem4j.jmh;

import java.util.List;

/** All that the project wants to reach, in the order in which it is shown. */
final class Goals {
  /** A goal a line, as {@link Goal#of} takes it. */
  private static final String LINES =
      """
      postgresql: round trips of a first call | CallBenchmark.first{store=postgresql,answer=256,by=idem4j}#trips | ≤ 2
      postgresql: round trips of a replay | CallBenchmark.replay{store=postgresql,answer=256,by=idem4j}#trips | ≤ 1
      postgresql: round trips of a refusal | LeaseBenchmark.refusal{store=postgresql}#trips | ≤ 1
      mariadb: round trips of a first call | CallBenchmark.first{store=mariadb,answer=256,by=idem4j}#trips | ≤ 2
      mariadb: round trips of a replay | CallBenchmark.replay{store=mariadb,answer=256,by=idem4j}#trips | ≤ 1
      mariadb: round trips of a refusal | LeaseBenchmark.refusal{store=mariadb}#trips | ≤ 1
      redis: round trips of a first call | CallBenchmark.first{store=redis,answer=256,by=idem4j}#trips | ≤ 2
      redis: round trips of a replay | CallBenchmark.replay{store=redis,answer=256,by=idem4j}#trips | ≤ 1
      redis: round trips of a refusal | LeaseBenchmark.refusal{store=redis}#trips | ≤ 1
      dynamodb: round trips of a first call | CallBenchmark.first{store=dynamodb,answer=256,by=idem4j}#trips | ≤ 2
      dynamodb: round trips of a replay | CallBenchmark.replay{store=dynamodb,answer=256,by=idem4j}#trips | ≤ 1
      dynamodb: round trips of a refusal | LeaseBenchmark.refusal{store=dynamodb}#trips | ≤ 1
      postgresql: first call, beside the same statements by hand | CallBenchmark.first{store=postgresql,answer=256,by=idem4j} | ≤ 1.20 × {by=byhand}
      postgresql: replay, beside the same statements by hand | CallBenchmark.replay{store=postgresql,answer=256,by=idem4j} | ≤ 1.20 × {by=byhand}
      redis: first call, beside the raw scripts | CallBenchmark.first{store=redis,answer=256,by=idem4j} | ≤ 1.15 × {by=byhand}
      redis: replay, beside the raw scripts | CallBenchmark.replay{store=redis,answer=256,by=idem4j} | ≤ 1.15 × {by=byhand}
      dynamodb: first call, beside the raw SDK calls | CallBenchmark.first{store=dynamodb,answer=256,by=idem4j} | ≤ 1.10 × {by=byhand}
      dynamodb: replay, beside the raw SDK calls | CallBenchmark.replay{store=dynamodb,answer=256,by=idem4j} | ≤ 1.10 × {by=byhand}
      postgresql: first call of idempotency4j, beside idem4j's | CallBenchmark.first{store=postgresql,answer=256,by=idempotency4j} | ≥ 1.5 × {by=idem4j}
      postgresql: replay of idempotency4j, beside idem4j's | CallBenchmark.replay{store=postgresql,answer=256,by=idempotency4j} | ≥ 2.5 × {by=idem4j}
      memory: first call, beside a ConcurrentHashMap | CallBenchmark.first{store=memory,answer=0,by=idem4j} | ≤ 6 × {by=byhand}
      memory: replay, beside a ConcurrentHashMap | CallBenchmark.replay{store=memory,answer=0,by=idem4j} | ≤ 5 × {by=byhand}
      memory: bytes of a first call | CallBenchmark.first{store=memory,answer=0,by=idem4j}#bytes | ≤ 800
      memory: bytes of a replay | CallBenchmark.replay{store=memory,answer=0,by=idem4j}#gc.alloc.rate.norm | ≤ 200
      memory: first call in two threads, beside one | CallBenchmark.first{store=memory,answer=0,by=idem4j,threads=2} | ≤ 1.3 × {threads=1}
      memory: replay in two threads, beside one | CallBenchmark.replay{store=memory,answer=0,by=idem4j,threads=2} | ≤ 1.3 × {threads=1}
      memory: runs for 64 callers of one key | HotKeyBenchmark.callTogether{store=memory,callers=64,waiting=true}#runs | ≤ 1
      memory: errors for 64 callers of one key | HotKeyBenchmark.callTogether{store=memory,callers=64,waiting=true}#errors | ≤ 0
      memory: polls in an interval for 64 callers of one key | HotKeyBenchmark.callTogether{store=memory,callers=64,waiting=true}#polls | ≤ 1
      postgresql: runs for 64 callers of one key | HotKeyBenchmark.callTogether{store=postgresql,callers=64,waiting=true}#runs | ≤ 1
      postgresql: errors for 64 callers of one key | HotKeyBenchmark.callTogether{store=postgresql,callers=64,waiting=true}#errors | ≤ 0
      postgresql: polls in an interval for 64 callers of one key | HotKeyBenchmark.callTogether{store=postgresql,callers=64,waiting=true}#polls | ≤ 1
      postgresql: 16 clients replay one key, beside a plain select | HotAnswerBenchmark.replay{store=postgresql,by=idem4j,threads=16} | ≤ 1.2 × {by=byhand}
      memory: first call among 1000000 records, beside 10000 | GrowthBenchmark.first{store=memory,by=idem4j,records=1000000} | ≤ 1.15 × {records=10000}
      memory: replay among 1000000 records, beside 10000 | GrowthBenchmark.replay{store=memory,by=idem4j,records=1000000} | ≤ 1.15 × {records=10000}
      postgresql: first call among 1000000 records, beside 10000 | GrowthBenchmark.first{store=postgresql,by=idem4j,records=1000000} | ≤ 1.15 × {records=10000}
      postgresql: replay among 1000000 records, beside 10000 | GrowthBenchmark.replay{store=postgresql,by=idem4j,records=1000000} | ≤ 1.15 × {records=10000}
      redis: first call among 1000000 records, beside 10000 | GrowthBenchmark.first{store=redis,by=idem4j,records=1000000} | ≤ 1.15 × {records=10000}
      redis: replay among 1000000 records, beside 10000 | GrowthBenchmark.replay{store=redis,by=idem4j,records=1000000} | ≤ 1.15 × {records=10000}
      postgresql: p99 of first calls during a purge of 1000000 records, beside none | PurgeBenchmark.first{store=postgresql,records=1000000,purging=true}#p99 | ≤ 2 × {purging=false}
      """;

  static final List<Goal> ALL = LINES.lines().map(Goal::of).toList();

  private Goals() {}
}
