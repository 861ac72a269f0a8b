// kafkajs, doing jobs: `serve.js HOST:PORT`. The jobs are in ../README.md. Its consumer works in groups only.
'use strict'

const modules = process.env.OTTLA_NODE_MODULES
const load = (name) => require(require.resolve(name, { paths: [modules] }))
const { Kafka, CompressionTypes, CompressionCodecs, ConfigResourceTypes, logLevel } = load('kafkajs')
const lz4 = load('lz4-napi')
const zstd = load('@bokuweb/zstd-wasm')

const codec = (compress, decompress) => () => ({
  compress: async (encoder) => Buffer.from(compress(encoder.buffer)),
  decompress: async (buffer) => Buffer.from(decompress(buffer)),
})
CompressionCodecs[CompressionTypes.Snappy] = load('kafkajs-snappy')
CompressionCodecs[CompressionTypes.LZ4] = codec(lz4.compressFrameSync, lz4.decompressFrameSync)
CompressionCodecs[CompressionTypes.ZSTD] = codec((data) => zstd.compress(data, 3), (data) => zstd.decompress(data))

const COMPRESSION = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 }
const ACKS = { all: -1, 1: 1, 0: 0 }

class Unsupported extends Error {}

const decoded = (text) => (text === null ? null : Buffer.from(text, 'base64'))

// kafkajs takes headers as an object, a name that repeats as a list.
function headersOf(record) {
  const headers = {}
  for (const [name, text] of record.headers) {
    const value = decoded(text)
    headers[name] = name in headers ? [].concat(headers[name], value) : value
  }
  return headers
}

class Client {
  constructor(bootstrap) {
    this.kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR })
    this.producers = new Map()
  }

  async start() {
    await zstd.init()
    this.admin = this.kafka.admin()
    await this.admin.connect()
  }

  async stop() {
    await this.admin.disconnect()
    for (const producer of this.producers.values()) await producer.disconnect()
  }

  async producer(idempotent) {
    if (!this.producers.has(idempotent)) {
      const producer = this.kafka.producer({ idempotent, allowAutoTopicCreation: true, maxInFlightRequests: 1 })
      await producer.connect()
      this.producers.set(idempotent, producer)
    }
    return this.producers.get(idempotent)
  }

  async produce({ topic, codec, acks, idempotent, records }) {
    const producer = await this.producer(idempotent)
    const message = (record) => ({
      partition: record.partition,
      timestamp: record.timestamp === null ? undefined : String(record.timestamp),
      key: decoded(record.key),
      value: decoded(record.value),
      headers: headersOf(record),
    })
    // A call makes one batch per partition, so a large record goes alone.
    const large = (record) => (record.value || '').length > 1000000
    const calls = [records.filter((record) => !large(record)), ...records.filter(large).map((record) => [record])]
    for (const call of calls.filter((call) => call.length)) {
      await producer.send({ topic, acks: ACKS[acks], compression: COMPRESSION[codec], messages: call.map(message) })
    }
    return null
  }

  consume() {
    throw new Unsupported('the consumer works in groups only')
  }

  tail() {
    return this.consume()
  }

  list_topics() {
    return this.admin.listTopics()
  }

  async describe_topic({ topic }) {
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0].partitions.length
  }

  async brokers() {
    return (await this.admin.describeCluster()).brokers.length
  }

  async create_topic({ topic, partitions, configs }) {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
    await this.admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }] })
    return null
  }

  async create_partitions({ topic, total }) {
    await this.admin.createPartitions({ topicPartitions: [{ topic, count: total }] })
    return null
  }

  async delete_topic({ topic }) {
    await this.admin.deleteTopics({ topics: [topic] })
    return null
  }

  async describe_config({ topic, key }) {
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configNames: [key] }
    const { resources } = await this.admin.describeConfigs({ resources: [resource], includeSynonyms: false })
    return resources[0].configEntries.find((entry) => entry.configName === key).configValue
  }

  async alter_config({ topic, key, value }) {
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: key, value }] }
    await this.admin.alterConfigs({ validateOnly: false, resources: [resource] })
    return null
  }

  async offsets({ topic, partition }) {
    const found = (await this.admin.fetchTopicOffsets(topic)).find((entry) => entry.partition === partition)
    return [Number(found.low), Number(found.high)]
  }

  async offset_for_time({ topic, partition, timestamp }) {
    const found = await this.admin.fetchTopicOffsetsByTimestamp(topic, timestamp)
    return Number(found.find((entry) => entry.partition === partition).offset)
  }

  async delete_records({ topic, partition, before }) {
    await this.admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] })
    return null
  }
}

async function answer(client, job) {
  if (!(job.op in client)) return { unsupported: 'the client has no call for it' }
  try {
    return { ok: await client[job.op](job) }
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: error.message }
    console.error(error)
    return { error: `${error.name}: ${error.message}` }
  }
}

async function main() {
  const client = new Client(process.argv[2])
  await client.start()
  for await (const line of require('readline').createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(client, JSON.parse(line))) + '\n')
  }
  await client.stop()
}

main()
