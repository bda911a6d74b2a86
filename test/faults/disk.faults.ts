import { join } from 'node:path'
import { type Place, withPlace } from '../helpers/flux/verify.ts'
import { defineCells, type Fault } from './cell.ts'
import { fill, withDisk } from './disk.ts'

const disks: Record<string, (place: Place) => string> = {
  'temporary files': (place) => place.temporary,
  'the repository': (place) => join(place.clone, '.git'),
}

defineCells(
  Object.entries(disks).map(
    ([name, directoryOf]): Fault => ({
      name: `the disk of ${name} full`,
      sample: ['create'],
      within: (use) => withPlace((place) => withDisk(directoryOf(place), () => use(place))),
      strike: ({ place }) => fill(directoryOf(place)),
      lasts: 'to the end',
      codes: () => [0, 1, 2],
    }),
  ),
)
