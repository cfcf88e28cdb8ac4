package io.idem4j.mutants;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Loads core and its tests once more, with some classes of core replaced. All else, the test
 * engines among it, is shared with the tests that run anyhow.
 */
final class MutantLoader extends ClassLoader {
  private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

  /** One for all, because opening the class path anew takes longer than a compilation. */
  private static final JavaFileManager FILES = COMPILER.getStandardFileManager(null, null, null);

  private static final String CLASS_PATH =
      Stream.of(
              io.idem4j.Idempotency.class,
              org.slf4j.Logger.class,
              org.jspecify.annotations.Nullable.class)
          .map(MutantLoader::location)
          .collect(Collectors.joining(System.getProperty("path.separator")));

  private final Map<String, byte[]> replaced;

  private MutantLoader(Map<String, byte[]> replaced) {
    super(MutantLoader.class.getClassLoader());
    this.replaced = replaced;
  }

  /** Core as it is. */
  static MutantLoader sound() {
    return new MutantLoader(Map.of());
  }

  /** Core with the mutant's file compiled anew; a mutant that does not compile is an error. */
  static MutantLoader of(Mutant mutant) throws IOException {
    return new MutantLoader(compile(mutant));
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith("io.idem4j.")) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded != null ? loaded : findClass(name);
    }
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    byte[] bytes = replaced.get(name);
    if (bytes == null) {
      String resource = name.replace('.', '/') + ".class";
      try (InputStream in = getParent().getResourceAsStream(resource)) {
        if (in == null) {
          throw new ClassNotFoundException(name);
        }
        bytes = in.readAllBytes();
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
    return defineClass(name, bytes, 0, bytes.length);
  }

  /** For the platform that runs it, so without a release. */
  private static Map<String, byte[]> compile(Mutant mutant) throws IOException {
    StringWriter messages = new StringWriter();
    Memory memory = new Memory(FILES);
    boolean compiled =
        COMPILER
            .getTask(
                messages,
                memory,
                null,
                List.of("-proc:none", "-nowarn", "-classpath", CLASS_PATH),
                null,
                List.of(new Text(mutant.file(), mutant.mutated())))
            .call();
    if (!compiled) {
      throw new IllegalStateException(mutant + " does not compile: " + messages);
    }
    return memory.classes();
  }

  private static String location(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static final class Text extends SimpleJavaFileObject {
    private final String source;

    Text(String file, String source) {
      super(URI.create("mutant:///io/idem4j/" + file), Kind.SOURCE);
      this.source = source;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return source;
    }
  }

  /** Keeps what is compiled. Not closed: the files behind it are shared. */
  private static final class Memory extends ForwardingJavaFileManager<JavaFileManager> {
    private final Map<String, ByteArrayOutputStream> written = new HashMap<>();

    Memory(JavaFileManager files) {
      super(files);
    }

    Map<String, byte[]> classes() {
      return written.entrySet().stream()
          .collect(Collectors.toMap(Map.Entry::getKey, each -> each.getValue().toByteArray()));
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
      return new SimpleJavaFileObject(URI.create("mutant:///" + className), kind) {
        @Override
        public OutputStream openOutputStream() {
          return written.computeIfAbsent(className, name -> new ByteArrayOutputStream());
        }
      };
    }
  }
}
