/**
 * What of the user's configuration must not change what happens in the worktree; and git is not to tidy up the user's repository
 * because of us, which takes its time.
 */
export const plain = [
  ...['-c', 'core.sparseCheckout=false'],
  ...['-c', 'submodule.recurse=false'],
  ...['-c', 'maintenance.auto=false'],
  ...['-c', 'gc.auto=0'],
]
