package io.idem4j;

/**
 * The steps of an operation come under other names, or in another order, than an earlier attempt
 * under the same key recorded them: the program was changed. Neither this step nor a later one of
 * the attempt is run, whatever was recorded stays so, and the attempt is not recorded as a success.
 *
 * <p>The key becomes what the policy makes of a failure by default, whatever its classifier says:
 * released under {@link OperationPolicy#rerun}, in doubt under the others. The steps' results stay,
 * so that a program that knows them goes on behind the last of them.
 */
public final class StepsChangedException extends MisuseException {
  private static final long serialVersionUID = 1L;

  StepsChangedException(String message) {
    super(message);
  }
}
