import { posix } from 'node:path'
import { type Finding, finding } from '../../../../findings/finding.ts'
import { removedFacts } from '../../../../findings/removed-version.ts'
import { someOf } from '../../../../findings/some-of.ts'
import { blockFaultOf, describeFault } from '../../../../lib/repository/decryption/block-fault.ts'
import { findKeyless } from '../../../../lib/repository/decryption/keyless.ts'
import {
  type FluxKustomization,
  nameOf,
  placeInFile,
  removedVersionOf,
} from '../../../../lib/repository/flux-file.ts'
import type { FluxRepository } from '../../../../lib/repository/flux-repository.ts'
import type { FluxNode } from '../../../../lib/repository/flux-tree.ts'
import { objectGap } from '../../../../lib/repository/rendered.ts'
import { textAt } from '../../../../lib/yaml/values.ts'
import type { Check } from '../../check.ts'
import type { Subject } from '../../subject.ts'

/** Looks at the Flux Kustomizations: whether the API server takes them, and whether they decrypt what they build. */
export const checkKustomizations: Check = async (subject) => {
  const { flux, repository } = subject
  if (!flux) return []
  const keyless = await findKeyless(repository.root, flux)
  const nodes = [...flux.nodes.values()].filter(({ source }) => !flux.notApplied.has(source))
  const isApplied = makeIsApplied(nodes)
  return [
    ...removedVersions(nodes.filter(isApplied), subject, flux),
    ...nodes.flatMap((node) => blockFindings(node, isApplied(node), subject, flux)),
    ...[...keyless].map(([source, encrypted]) =>
      finding('no-key-secret', placeOf(source, ['spec', 'decryption'], flux), {
        of: ` of ${nameOf(source)}`,
        nothing: 'nothing here',
        files: `: it cannot decrypt ${encrypted}`,
      }),
    ),
    ...ofOperator(flux),
  ]
}

/** One for all Kustomizations of a version: one command rewrites them. */
function removedVersions(nodes: readonly FluxNode[], subject: Subject, flux: FluxRepository): Finding[] {
  const installed = fluxVersionIn(subject)
  const removed = Map.groupBy(nodes, ({ source }) => removedVersionOf(source)?.version)
  return [...removed.values()].flatMap(([first, ...more]) => {
    const version = first && removedVersionOf(first.source)
    if (!version || installed < versionNumber(version.flux)) return []
    const names = someOf([first, ...more].map(({ source }) => nameOf(source)))
    const facts = removedFacts(`${names} ${more.length > 0 ? 'have' : 'has'}`, [version])
    return [finding('removed-version', placeOf(first.source, ['apiVersion'], flux), facts)]
  })
}

/** The place of a part of a Kustomization in its file, or that of the Kustomization. */
function placeOf(source: FluxKustomization, path: readonly string[], { files }: FluxRepository) {
  const file = files.find((one) => one.file === source.file)
  return { file: source.file, ...(file && (placeInFile(file, source, path) ?? placeInFile(file, source))) }
}

/** What is wrong with the block that it has, or that it has none. */
function blockFindings(
  { source, rendered, encrypted }: FluxNode,
  isApplied: boolean,
  subject: Subject,
  flux: FluxRepository,
): Finding[] {
  if (rendered.some(objectGap)) return []
  const kustomization = nameOf(source)
  const fault = rendered.map(({ value }) => blockFaultOf(value)).find((one) => one !== undefined)
  if (fault) {
    const place = placeOf(source, fault.path, flux)
    return [
      finding('refused-block', place, {
        of: `${kustomization}: `,
        fault: describeFault(fault.fault),
      }),
    ]
  }
  const lacks = ({ value }: { value: unknown }) =>
    textAt(value, 'spec', 'decryption', 'provider') === undefined
  const isLacking = isApplied && rendered.some(lacks)
  const files = isLacking ? [...encrypted].filter((file) => isForFlux(file, subject)) : []
  if (files.length === 0) return []
  return [
    finding('built-without-decryption', placeOf(source, ['spec'], flux), {
      kustomization,
      files: someOf(files),
    }),
  ]
}

/**
 * Tells whether it is sure that something applies a Kustomization: another one does, or it looks like what a person applies, which
 * is one that brings others, one beside such a one, and any where no Kustomization brings others.
 */
function makeIsApplied(nodes: readonly FluxNode[]): (node: FluxNode) => boolean {
  const parents = nodes.flatMap(({ rendered }) => rendered.flatMap(({ parent }) => parent ?? []))
  const directories = new Set(parents.map(({ file }) => posix.dirname(file)))
  return ({ source, rendered }) =>
    directories.size === 0 ||
    directories.has(posix.dirname(source.file)) ||
    rendered.some(({ parent }) => parent)
}

/** The objects of operators that decrypt by themselves are ciphertext for Flux. */
function isForFlux(file: string, { read }: Subject): boolean {
  return !/^\s*["']?kind["']?\s*:\s*["']?SopsSecret\b/m.test(`${read(file) ?? ''}`)
}

/** What FluxInstances and ResourceSets make without decryption. */
function ofOperator({ instancesThatNeedIt, madeThatNeedIt }: FluxRepository): Finding[] {
  const without = (file: string, kustomization: string, path: string) =>
    finding('built-without-decryption', { file }, { kustomization, files: `encrypted files below ${path}` })
  return [
    ...instancesThatNeedIt.map(({ file, instance }) =>
      without(file, `the FluxInstance ${instance?.name ?? ''}`, instance?.path ?? '.'),
    ),
    ...madeThatNeedIt.map(({ file, set, name, path }) =>
      without(file, `${name} of the ResourceSet ${set}`, path),
    ),
  ]
}

/** The oldest version of Flux that the files install; infinite where they install none. */
function fluxVersionIn({ names, read }: Subject): number {
  const versions = names
    .filter((name) => /(^|\/)gotk-components\.yaml$/.test(name))
    .flatMap(
      (name) => /^# Flux Version: v(\d+\.\d+)\./m.exec(`${read(name)?.subarray(0, 1024) ?? ''}`)?.[1] ?? [],
    )
  return Math.min(...versions.map(versionNumber))
}

/** A number that is larger for a later version. */
function versionNumber(version: string): number {
  const [major, minor] = version.split('.')
  return 1000 * Number(major) + Number(minor)
}
