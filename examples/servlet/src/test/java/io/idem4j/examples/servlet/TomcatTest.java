package io.idem4j.examples.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.ServletContext;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The filter on Tomcat. */
final class TomcatTest extends RequestContract {
  @TempDir static Path directory;

  private Tomcat tomcat = new Tomcat();

  @Override
  URI start(Consumer<ServletContext> installer) throws Exception {
    tomcat = OrdersOnTomcat.start(0, directory, installer);
    return URI.create("http://127.0.0.1:" + tomcat.getConnector().getLocalPort());
  }

  @Test
  void forwardThatEndsTheResponse_failsAndIsReplayed() {
    Context context = (Context) tomcat.getHost().findChildren()[0];
    cases()
        .on("/target", (request, response) -> response.getOutputStream().print("target"))
        .on(
            "/suspended",
            (request, response) ->
                request.getRequestDispatcher("/cases/target").forward(request, response));
    String key = newKey();
    context.setSuspendWrappedResponseAfterForward(true);
    try {
      assertThat(cases().post("/cases/suspended", key, "").statusCode()).isEqualTo(500);
    } finally {
      context.setSuspendWrappedResponseAfterForward(false);
    }
    HttpResponse<byte[]> again = cases().post("/cases/suspended", key, "");
    assertThat(Cases.isReplay(again)).isTrue();
    assertThat(Cases.text(again)).isEqualTo("target");
  }

  @Override
  protected void stop() throws Exception {
    tomcat.stop();
    tomcat.destroy();
  }
}
