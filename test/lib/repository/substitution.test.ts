import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  expressionsIn,
  isNotSubstituted,
  substitutionOf,
} from '../../../scripts/lib/repository/variables/substitution.ts'

const read = (text: string) => {
  const { needed, isBroken, losesDollar } = expressionsIn(text)
  return [[...needed].join(' '), isBroken && 'broken', losesDollar && 'loses'].filter(Boolean).join(' ')
}

test('the variables without a default are needed, inner ones too', () => {
  assert.is(
    read(`\${a} \${b:=x} \${c:-\${d}} \${#e} \${f^^} \${g//x/\${h}} \${i=\${j:=}} \${k:1:2}`),
    'a d e f g h k',
  )
  assert.is(read(`\${1} \${ß_2}`), '1 ß_2')
})

test('expressions may be nested deeper than a stack', () => {
  const deep = 20_000
  assert.is(read(`${'${a:-'.repeat(deep)}\${b}${'}'.repeat(deep)}`), 'b')
  assert.is(read(`${'${a:-'.repeat(deep)}${'}'.repeat(deep - 1)}`), 'broken')
})

test('what is no expression is told, and what is none to Flux is none', () => {
  for (const text of [
    `\${`,
    `\${}`,
    `\${a`,
    `\${a-x}`,
    `\${a?x}`,
    `\${a b}`,
    `\${a:=`,
    `\${a:=\${}`,
    `\${#a`,
    `\${-a}`,
  ])
    assert.is(expressionsIn(text).isBroken, true, text)
  for (const text of ['$', '$a', '$(a)', '$1}', '{a}', `$\${a}`, `$\${`]) assert.is(read(text), '', text)
})

test('two dollar signs are one, and before a brace that is meant', () => {
  assert.is(read('a$$b'), 'loses')
  assert.is(read('a$$'), 'loses')
  assert.is(read(`$$$\${a}`), 'loses')
  assert.is(read(`$$\${a}`), 'a loses')
})

const ks = (postBuild: unknown) => ({ spec: { postBuild } })

test('a Kustomization replaces variables only where it has any', () => {
  const from = { kind: 'ConfigMap', name: 'x' }
  assert.equal(substitutionOf(ks({ substitute: { a: 'b' } })), { variables: { a: 'b' }, hasMore: false })
  assert.equal(substitutionOf(ks({ substituteFrom: [from] })), { variables: {}, hasMore: true })
  assert.equal(substitutionOf(ks({ substituteStrategy: 'Always' })), { variables: {}, hasMore: false })
  for (const none of [undefined, {}, { substitute: {} }, { substituteFrom: [{ ...from, optional: true }] }])
    assert.is(substitutionOf(ks(none)), undefined)
})

test('a label or an annotation keeps an object as it is', () => {
  const off = { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' }
  assert.ok(isNotSubstituted({ metadata: { labels: off } }))
  assert.ok(isNotSubstituted({ metadata: { annotations: off } }))
  assert.not.ok(
    isNotSubstituted({
      metadata: { labels: { ...off, ...{ 'kustomize.toolkit.fluxcd.io/substitute': 'enabled' } } },
    }),
  )
})

test.run()
