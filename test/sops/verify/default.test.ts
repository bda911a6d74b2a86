import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exampleCluster } from '../../helpers/files.ts'
import { block, infrastructure, withPlace } from '../../helpers/flux/verify.ts'

const apps = 'kubernetes/flux-system/apps.yaml'

test('without infrastructure it takes the only one that can carry the test, and lists several', () =>
  withPlace(async (place) => {
    const { push, applied, verify, tip, patch, git } = place
    const cluster = exampleCluster()
    const renamed = (text = '') => text.replaceAll('name: infrastructure', 'name: platform')
    await push({
      [infrastructure]: renamed(cluster[infrastructure]) + block,
      [apps]: renamed(cluster[apps]),
    })
    await applied('platform', await tip())
    const only = await verify()
    assert.is(only.code, 0, only.stderr)
    assert.is(only.json.kustomization, 'flux-system/platform')

    await git('pull', '--quiet', '--rebase', 'origin', 'main')
    await push({ [apps]: renamed(cluster[apps]) + block })
    await applied('flux-system', await tip())
    const before = await tip()
    const several = await verify()
    assert.is(several.code, 2, several.stderr)
    const [finding] = several.json.findings
    assert.is(finding?.code, 'kustomization-unclear')
    assert.match(finding!.message, /: flux-system\/apps, flux-system\/platform$/)
    assert.is(finding!.fix, 'name one of them: --kustomization flux-system/apps')

    for (const name of ['apps', 'platform']) await patch(`kustomization/${name}`, { spec: { suspend: true } })
    const none = await verify()
    assert.is(none.code, 2, none.stderr)
    assert.is(none.json.findings[0]?.code, 'no-kustomization')
    assert.match(none.json.findings[0]!.message, /^no Kustomization can carry the test/)
    // a file, which tells apart what has one name in several clusters
    for (const named of ['', ':platform', ':flux-system/platform'].map((name) => infrastructure + name)) {
      const suspended = await verify(['--kustomization', named])
      assert.is(suspended.code, 1, suspended.stderr)
      const [{ code, object } = {}] = suspended.json.findings
      assert.equal([code, object], ['suspended', 'kustomization flux-system/platform'])
    }
    const gone = await verify(['--kustomization', `${apps}:infrastructure`])
    assert.is(gone.code, 2, gone.stderr)
    assert.match(gone.json.findings[0]!.message, 'no Flux Kustomization of this repository is called')
    assert.is(await tip(), before)
  }))

test.run()
