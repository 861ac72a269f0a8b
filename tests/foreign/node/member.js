// kafkajs as a member of a group: `member.js JSON`. See ../README.md.
'use strict'

const fs = require('fs')
const readline = require('readline')
const modules = process.env.OTTLA_NODE_MODULES
const load = (name) => require(require.resolve(name, { paths: [modules] }))
const { Kafka, AssignerProtocol, logLevel } = load('kafkajs')

const asked = JSON.parse(process.argv[2])

const monotonic = () => Number(process.hrtime.bigint())

function say(event, fields) {
  const line = { event, at: monotonic(), wall: Date.now(), ...fields }
  // At once and in one write, so that a kill never leaves half a line.
  fs.writeSync(1, JSON.stringify(line) + '\n')
}

// kafkajs itself has only round robin.
const range = ({ cluster }) => ({
  name: 'range',
  version: 0,
  protocol: ({ topics }) => ({
    name: 'range',
    metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
  }),
  async assign({ members, topics }) {
    const shares = new Map(members.map(({ memberId }) => [memberId, {}]))
    for (const topic of topics) {
      const partitions = cluster.findTopicPartitionMetadata(topic).map((found) => found.partitionId).sort((a, b) => a - b)
      const readers = members
        .filter((member) => AssignerProtocol.MemberMetadata.decode(member.memberMetadata).topics.includes(topic))
        .map((member) => member.memberId)
        .sort()
      const [each, more] = [Math.floor(partitions.length / readers.length), partitions.length % readers.length]
      readers.forEach((reader, n) => {
        const count = each + (n < more ? 1 : 0)
        shares.get(reader)[topic] = partitions.splice(0, count)
      })
    }
    return [...shares].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }),
    }))
  },
})

const kafka = new Kafka({ brokers: [asked.bootstrap], logLevel: logLevel.ERROR, retry: { retries: 60, maxRetryTime: 1000 } })
const consumer = kafka.consumer({
  groupId: asked.group,
  sessionTimeout: asked.session_ms,
  heartbeatInterval: Math.floor(asked.session_ms / 10),
  maxWaitTimeInMs: 100,
  ...(asked.assignor === 'range' ? { partitionAssigners: [range] } : {}),
})

let held = []
let next = new Map()

function giveUp(event) {
  if (held.length > 0) say(event, { partitions: held })
  held = []
  next = new Map()
}

async function commit() {
  const [taken, began] = [[...next], monotonic()]
  next = new Map()
  const offsets = taken.map(([place, offset]) => [...JSON.parse(place), offset])
  try {
    const asked = offsets.map(([topic, partition, offset]) => ({ topic, partition, offset: String(offset) }))
    if (asked.length > 0) await consumer.commitOffsets(asked)
    say('committed', { offsets, began })
  } catch (error) {
    say('refused', { message: `${error.type ?? error.name}: ${error.message}` })
  }
}

async function eachBatch({ batch, heartbeat, isRunning, isStale, resolveOffset }) {
  for (let at = 0; at < batch.messages.length; at += asked.max_records) {
    for (const message of batch.messages.slice(at, at + asked.max_records)) {
      const owned = held.some(([topic, partition]) => topic === batch.topic && partition === batch.partition)
      if (!isRunning() || isStale() || !owned) return
      const offset = Number(message.offset)
      say('record', { topic: batch.topic, partition: batch.partition, offset, value: message.value.toString() })
      next.set(JSON.stringify([batch.topic, batch.partition]), offset + 1)
      resolveOffset(message.offset)
    }
    if (asked.slow_ms) await new Promise((done) => setTimeout(done, asked.slow_ms))
    if (asked.commit === 'each') await commit()
    await heartbeat()
  }
}

async function main() {
  let generation
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    giveUp('lost')
    held = Object.entries(payload.memberAssignment).flatMap(([topic, all]) => all.map((partition) => [topic, partition]))
    say('assigned', { partitions: held, member: payload.memberId, generation })
  })
  consumer.on(consumer.events.REBALANCING, () => giveUp('revoked'))
  consumer.on(consumer.events.CRASH, ({ payload }) => say('error', { message: String(payload.error) }))
  await consumer.connect()
  await consumer.subscribe({ topics: asked.topics, fromBeginning: true })
  await consumer.run({ autoCommit: false, eachBatch })
  const lines = readline.createInterface({ input: process.stdin })
  for await (const line of lines) {
    if (line === 'close') break
    await commit()
  }
  giveUp('revoked')
  await consumer.disconnect()
  say('closed', {})
  process.exit(0)
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
