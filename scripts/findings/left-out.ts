import { posix } from 'node:path'
import { type LeftOut, sourceIgnoreFile } from '../lib/repository/sources/source-ignore.ts'
import { type Finding, finding } from './finding.ts'

/** That a file which a build needs is not in the artifact. @param by what names the file: a kustomization file */
export function leftOutFile(file: string, by: string, { pattern, by: owner }: LeftOut): Finding {
  const isFile = owner !== undefined && owner !== 'spec.ignore'
  return finding(
    'left-out',
    { file },
    {
      by,
      pattern,
      owner: owner ?? 'Flux by itself',
      // a pattern with a slash counts from the directory of its file
      line: `!/${isFile ? posix.relative(posix.dirname(owner), file) : file}`,
      into: owner ?? sourceIgnoreFile,
    },
  )
}
