// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Flux
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { substituteFor } from '../../../scripts/diagnosis/values/substituted-value.ts'
import { appliedKustomization, snapshotWith } from '../../helpers/diagnosis/snapshot.ts'

const variables = { name: 'db', empty: '', spaced: 'a: b #c', number: '12', lines: 'a\nb' }
const nothing = snapshotWith([])
const kustomization = (postBuild: object) => appliedKustomization('apps', { spec: { postBuild } })

test('what is certain is replaced as Flux does, and all else is undefined', () => {
  const substitute = substituteFor(kustomization({ substitute: variables }), nothing)({})
  const cases: [text: string, result: string | undefined][] = [
    ['plain $5 and $name', 'plain $5 and $name'],
    ['${name}-${name}', 'db-db'],
    ['${other:=x}-${other:-y}-${empty:=z}', 'x-y-z'],
    ['[${empty}]', '[]'],
    ['$${name} and $$x', '${name} and $x'],
    ['$$${name}', '$db'],
    ['${lines}', 'ab'],
    ['${other}', undefined],
    ['${name^^}', undefined],
    ['${other:=${name}}', undefined],
    ['${spaced}', undefined],
    ['${number}', undefined],
    ['v${number}', 'v12'],
    ['${empty}', undefined],
    ['${', undefined],
  ]
  for (const [text, result] of cases) assert.is(substitute(text), result, text)
})

test('without variables nothing is replaced, and those that cannot be seen leave nothing certain', () => {
  assert.is(substituteFor(kustomization({}), nothing)({})('${name}'), '${name}')
  const from = { substitute: variables, substituteFrom: [{ kind: 'Secret', name: 'vars' }] }
  assert.is(substituteFor(kustomization(from), nothing)({})('${name}'), undefined)
  assert.is(substituteFor(kustomization(from), nothing)({})('plain'), 'plain')
  const metadata = { labels: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } }
  assert.is(substituteFor(kustomization(from), nothing)({ metadata })('${name}'), '${name}')
})

test.run()
