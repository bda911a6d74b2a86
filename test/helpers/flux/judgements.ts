import { type Judgement, judge, type Wanted } from '../../../scripts/flux/enable-decryption/judge.ts'
import { findKeyless } from '../../../scripts/lib/repository/decryption/keyless.ts'
import { readFluxRepository } from '../../../scripts/lib/repository/flux-repository.ts'
import { withDirectory, writeFiles } from '../files.ts'

/** What `flux:enable-decryption` finds out about the Kustomizations of a repository with these files. */
export async function judgements(
  files: Readonly<Record<string, string>>,
  wanted: Pick<Wanted, 'block'> & Partial<Wanted>,
): Promise<Judgement[]> {
  return withDirectory(async (root) => {
    writeFiles(root, files)
    const repository = await readFluxRepository({ root, env: process.env }, Object.keys(files))
    const others = { needed: false, all: false, root: false, keyless: await findKeyless(root, repository) }
    return repository.files.flatMap((file) => judge(file, repository, { ...others, ...wanted }))
  })
}
