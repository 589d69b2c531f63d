// Makes flights.csv.xz and airports.csv from the npm package vega-datasets 3.2.1.
//
//   node make.mjs PATH_TO_UNPACKED_vega-datasets OUTDIR
//
// Needs the npm packages hyparquet and hyparquet-compressors, and the xz program.
// See README.md for the columns and the exact commands.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

const KEEP_EVERY = 6

const [packageDir, outDir] = process.argv.slice(2)
if (!packageDir || !outDir) {
  console.error('usage: node make.mjs PATH_TO_UNPACKED_vega-datasets OUTDIR')
  process.exit(2)
}

// Row 0, 6, 12, ... of the Parquet file, in its own order.
async function readSample(path) {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const sample = []
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    const rows = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd })
    rows.forEach((row, i) => {
      if ((rowStart + i) % KEEP_EVERY === 0) sample.push(toFlight(row))
    })
    rowStart = rowEnd
  }
  return sample
}

// The file stores local wall time without a zone; hyparquet hands it over as if it
// were UTC. Reading it back as UTC keeps it, whatever the zone of this machine.
function toFlight({ date, delay, distance, origin, destination }) {
  const iso = date.toISOString()
  if (!iso.endsWith(':00.000Z')) throw new Error(`not a whole minute: ${iso}`)
  for (const code of [origin, destination]) {
    if (!/^[A-Z0-9]{3}$/.test(code)) throw new Error(`not an airport code: ${code}`)
  }
  const at = `${iso.slice(0, 10)} ${iso.slice(11, 16)}`
  return { at, delay: delay ?? '', distance: distance ?? '', origin, destination }
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0)

// Array.prototype.sort is stable: rows equal in all three keep the order of the file.
const byTimeAndRoute = (a, b) =>
  compare(a.at, b.at) || compare(a.origin, b.origin) || compare(a.destination, b.destination)

// Fields stay as they are written in the file, quotes included. None holds a line break.
const splitCsvLine = line => line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)
const csvLines = rows => rows.map(row => row.join(',') + '\n').join('')

const flights = (await readSample(join(packageDir, 'data', 'flights-3m.parquet'))).sort(byTimeAndRoute)
const flown = new Set(flights.flatMap(f => [f.origin, f.destination]))

const airports = readFileSync(join(packageDir, 'data', 'airports.csv'), 'utf8')
  .split(/\r?\n/)
  .map(splitCsvLine)
  .filter(([iata]) => flown.has(iata))
  .map(row => row.slice(0, 4))                       // iata, name, city, state
  .sort(([a], [b]) => compare(a, b))

mkdirSync(outDir, { recursive: true })
const flightsCsv = csvLines(flights.map(f => [f.at, f.delay, f.distance, f.origin, f.destination]))
// One thread: several would write other block headers, and so other bytes.
const flightsXz = execFileSync('xz', ['-9e', '-T1', '-c'], { input: flightsCsv, maxBuffer: 2 ** 27 })
writeFileSync(join(outDir, 'flights.csv.xz'), flightsXz)
writeFileSync(join(outDir, 'airports.csv'), csvLines(airports))

const unnamed = [...flown].filter(code => !airports.some(([iata]) => iata === code)).sort()
console.log(`flights.csv.xz  ${flights.length} rows, ${flightsXz.length} bytes`)
console.log(`airports.csv    ${airports.length} rows; no name for: ${unnamed.join(' ') || '(none)'}`)
