import { type Flux, withFluxOn, withOwnSandbox, withSandbox } from '../helpers/flux/sandbox.ts'
import { type Place, withPlace } from '../helpers/flux/verify.ts'
import { type ServerProxy, startServerProxy } from './server-proxy.ts'
import { endRestarted } from './services.ts'

type Use<T> = (flux: Flux) => Promise<T>
type Files = Readonly<Record<string, string>>

/** A place on a sandbox of its own, whose services may be ended and started again. */
export function withOwnPlace(use: (place: Place) => Promise<void>): Promise<void> {
  return withPlace(use, undefined, (files: Files, inFlux: Use<void>) =>
    withOwnSandbox(async (sandbox) => {
      try {
        await withFluxOn(sandbox, files, inFlux)
      } finally {
        await endRestarted(sandbox)
      }
    }),
  )
}

const proxies = new Map<string, ServerProxy>()

/** A place whose git server can be cut off from all who use it. */
export function withProxiedPlace(use: (place: Place) => Promise<void>): Promise<void> {
  return withPlace(use, undefined, (files: Files, inFlux: Use<void>) =>
    withSandbox(async (sandbox) => {
      const proxy = await startServerProxy(sandbox.gitUrl('x'))
      proxies.set(proxy.url, proxy)
      try {
        await withFluxOn({ ...sandbox, gitUrl: (name) => `${proxy.url}/${name}.git` }, files, inFlux)
      } finally {
        await proxy.close()
      }
    }),
  )
}

/** The way to the git server of such a place. */
export function proxyOf({ url }: Place): ServerProxy {
  const proxy = proxies.get(new URL(url).origin)
  if (!proxy) throw new Error('the place has no proxy')
  return proxy
}
