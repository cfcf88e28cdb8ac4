package io.idem4j.jmh;

import com.trendyol.jdempotent.core.annotation.JdempotentIgnore;
import com.trendyol.jdempotent.core.annotation.JdempotentResource;
import com.trendyol.jdempotent.core.aspect.IdempotentAspect;
import org.springframework.aop.aspectj.annotation.AspectJProxyFactory;

/**
 * Jdempotent with its repository in memory, as an application runs it: an annotated method is
 * called through the proxy that Spring's AOP puts around its object, with Jdempotent's aspect in
 * it. There is no application context.
 *
 * <p>A call reads the fields of the request by reflection and makes the key of their MD5 digest; it
 * looks whether there is such a key; a first call then stores the request and, after the method,
 * the answer. Looking and storing are two steps (two callers can both run), and nothing expires.
 */
final class JdempotentPeer implements Keys {
  private static final byte[] MUST_NOT_RUN = new byte[0];

  private final Charges charges;

  JdempotentPeer() {
    AspectJProxyFactory factory = new AspectJProxyFactory(new Charges());
    factory.addAspect(new IdempotentAspect());
    this.charges = factory.getProxy();
  }

  @Override
  public Object first(Object prepared, byte[] answer) {
    Request request = new Request((String) prepared, answer);
    Answer got = charges.charge(request);
    Keys.require(got.to == request);
    return got.to.answer;
  }

  @Override
  public Object replay(Object prepared) {
    return charges.charge(new Request((String) prepared, MUST_NOT_RUN)).to.answer;
  }

  /** What is called. The aspect takes the key from the argument. */
  static class Charges {
    @JdempotentResource
    Answer charge(Request request) {
      Keys.require(request.answer != MUST_NOT_RUN);
      return new Answer(request);
    }
  }

  /** The argument, of which the aspect reads the key. */
  static final class Request {
    final String key;
    @JdempotentIgnore final byte[] answer;

    Request(String key, byte[] answer) {
      this.key = key;
      this.answer = answer;
    }
  }

  /** The answer, which tells whose it is: a first call's is its own. */
  record Answer(Request to) {}
}
