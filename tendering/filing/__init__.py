"""Filing of a plan with all its departments at once (并联审批, T01-T03), and the intent made public before it."""
