import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { withFreePort } from './port.ts'
import { type Process, type Surroundings, startProcess, waitUntilReady } from './process.ts'

/** The part of a Kubernetes control plane that a sandbox has. */
export interface ControlPlane {
  etcd: Process
  apiServer: Process
  /** `https://127.0.0.1:PORT` */
  url: string
  /** The certificate that the API server made for itself. */
  certificate: string
  /** Of the user `admin`, in the group `system:masters`. */
  token: string
}

/** A socket file in the working directory of both. etcd wants the form HOST:PORT here too. */
const socket = 'unix://etcd:0'

/**
 * Starts etcd and the API server and waits until the API server is ready. Both run at once: the API server waits for
 * etcd by itself. etcd listens on a socket in the state directory, where nobody else can read its data.
 * @param bin the directory of the programs
 * @throws UserError with the end of the log where one of them does not start
 */
export async function startControlPlane(bin: string, around: Surroundings): Promise<ControlPlane> {
  const { state } = around
  const etcd = startProcess(
    [
      join(bin, 'etcd'),
      `--data-dir=${join(state.path, 'etcd')}`,
      `--listen-client-urls=${socket}`,
      `--advertise-client-urls=${socket}`,
      '--listen-peer-urls=http://127.0.0.1:0',
      '--unsafe-no-fsync',
    ],
    around,
  )
  const token = randomUUID()
  writeFileSync(join(state.path, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 })
  return withFreePort(async (port) => {
    const apiServer = startProcess(apiServerCommand(bin, state.path, port), around)
    const certificate = join(state.path, 'certificates', 'apiserver.crt')
    const url = `https://127.0.0.1:${port}`
    const probe = () => isReady(`${url}/readyz`, certificate, token)
    await waitUntilReady(apiServer, probe, around)
    return { etcd, apiServer, url, certificate, token }
  })
}

function apiServerCommand(bin: string, directory: string, port: number): string[] {
  const key = join(directory, 'certificates', 'apiserver.key')
  return [
    join(bin, 'kube-apiserver'),
    `--etcd-servers=${socket}`,
    `--cert-dir=${join(directory, 'certificates')}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    // an address for documentation (RFC 5737), never used: without one the API server wants a network besides loopback
    '--advertise-address=192.0.2.1',
    '--endpoint-reconciler-type=none',
    '--authorization-mode=RBAC',
    // as on the clusters of users: without it the API server refuses what drivers and agents need
    '--allow-privileged=true',
    '--service-cluster-ip-range=10.0.0.0/24',
    // webhooks are Pods, and none runs here
    '--disable-admission-plugins=ServiceAccount,MutatingAdmissionWebhook,ValidatingAdmissionWebhook',
    `--service-account-issuer=https://127.0.0.1:${port}/`,
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    `--token-auth-file=${join(directory, 'tokens.csv')}`,
  ]
}

/** Asks with the API server's own certificate, so that whoever else has the port is not taken for it. */
function isReady(url: string, certificate: string, token: string): Promise<boolean> {
  if (!existsSync(certificate)) return Promise.resolve(false)
  const headers = { authorization: `Bearer ${token}` }
  return new Promise((done) => {
    const request = get(
      url,
      { ca: readFileSync(certificate), headers, agent: false, timeout: 2000 },
      (response) => {
        response.resume()
        done(response.statusCode === 200)
      },
    )
    request.on('error', () => done(false))
    request.on('timeout', () => request.destroy())
  })
}
