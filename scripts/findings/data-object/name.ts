import { finding } from '../finding.ts'
import type { ObjectCheck } from './object-check.ts'

/** Objects that have no name: kustomize refuses `generateName` too. */
export const checkObjectName: ObjectCheck = ({ kind, place, has }, file) =>
  has('metadata', 'name') ? [] : [finding('name-missing', { file, ...place }, { kind, file })]
