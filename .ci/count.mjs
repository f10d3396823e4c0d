/** Prints what failed, then `N passed, N failed`: the tests of the suite and of the matrix, and the steps named as arguments. */
import { readFileSync } from 'node:fs'

const steps = process.argv.slice(2)
const suite = read('.vitest/results.json', { numPassedTests: 0, testResults: [] })
const matrix = read('.vitest/matrix/summary.json', { passed: 0, failed: [] })
const tests = suite.testResults.flatMap(({ name, status, assertionResults }) => {
  const failed = assertionResults.filter((test) => test.status === 'failed').map((test) => test.fullName)
  // A file that broke before its tests.
  if (status === 'failed' && failed.length === 0) failed.push('the file')
  return failed.map((test) => `${name}: ${test}`)
})

const failed = [...tests, ...matrix.failed]
for (const name of [...steps.map((step) => `the step ${step}`), ...failed]) console.log(`failed: ${name}`)
const count = Math.max(failed.length, steps.length)
console.log(`${suite.numPassedTests + matrix.passed} passed, ${count} failed`)
process.exitCode = count > 0 ? 1 : 0

/** A step that ended before it wrote this has failed, whatever it says. */
function read(file, instead) {
  try {
    return JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'))
  } catch {
    steps.push(`that writes ${file}`)
    return instead
  }
}
