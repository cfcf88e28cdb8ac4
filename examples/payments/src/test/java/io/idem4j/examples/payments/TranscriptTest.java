package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the service says under each profile, byte for byte. With {@code
 * -Didem4j.transcripts.rewrite=true} the files are written anew, for a person to read what has
 * changed; the tests are then skipped.
 */
class TranscriptTest {
  private static final Path DIRECTORY = Path.of("src/test/resources/transcripts");

  private static final Map<Profile, CompletableFuture<String>> PLAYED = new ConcurrentHashMap<>();

  private static Path file(Profile profile) {
    return DIRECTORY.resolve(profile.word() + ".http");
  }

  /** All at once: most of their time they wait for the request that takes long. */
  @BeforeAll
  static void play() {
    for (Profile profile : Profile.values()) {
      CompletableFuture<String> played = new CompletableFuture<>();
      PLAYED.put(profile, played);
      new Thread(
              () -> {
                try {
                  played.complete(Transcript.play(Files.readString(file(profile))));
                } catch (Throwable e) {
                  played.completeExceptionally(e);
                }
              },
              "transcript-" + profile.word())
          .start();
    }
  }

  @ParameterizedTest
  @EnumSource
  void transcript_played_isTheSameByteForByte(Profile profile) throws Exception {
    String played = PLAYED.get(profile).get(60, TimeUnit.SECONDS);
    if (Boolean.getBoolean("idem4j.transcripts.rewrite")) {
      Files.writeString(file(profile), played);
    }
    assumeThat(Boolean.getBoolean("idem4j.transcripts.rewrite")).as("rewritten").isFalse();
    assertThat(played).isEqualTo(Files.readString(file(profile)));
  }

  /** A transcript that leaves something out would be no proof of it. */
  @ParameterizedTest
  @EnumSource
  void transcript_asItIs_coversEachSituation(Profile profile) throws Exception {
    String text = Files.readString(file(profile));
    assertThat(text).contains("@start", "@await", "@store down", "--require-key");
    long requests = text.lines().filter(line -> line.matches("> \\S+ /.* HTTP/1.1")).count();
    long responses = text.lines().filter(line -> line.startsWith("< HTTP/1.1 ")).count();
    assertThat(responses).isEqualTo(requests).isGreaterThan(25);
    assertThat(Arrays.stream(text.split("\n")).filter(line -> line.startsWith("## ")))
        .hasSizeGreaterThan(10);
  }
}
