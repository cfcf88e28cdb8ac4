package io.idem4j;

import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.PropagationMode;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;

/** Counts the tries of every property and notes its seed, and looks for secrets in its output. */
public final class ProofHook implements AroundPropertyHook {
  @Override
  public PropertyExecutionResult aroundProperty(
      PropertyLifecycleContext context, PropertyExecutor property) {
    PropertyExecutionResult result = property.execute();
    String name = context.containerClass().getSimpleName() + "." + context.targetMethod().getName();
    Proof.count(name, "tries", result.countTries());
    result.seed().ifPresent(seed -> ProofPage.seed(name, seed));
    Canaries.check();
    return result;
  }

  @Override
  public PropagationMode propagateTo() {
    return PropagationMode.ALL_DESCENDANTS;
  }
}
