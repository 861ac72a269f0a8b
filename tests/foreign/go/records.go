package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// record is one as the jobs have it. A nil slice is null in both directions, and base64 is what encoding/json makes.
type record struct {
	Partition  int32    `json:"partition"`
	Offset     int64    `json:"offset"`
	Timestamp  *int64   `json:"timestamp"`
	AppendTime bool     `json:"append_time"`
	Key        []byte   `json:"key"`
	Value      []byte   `json:"value"`
	Headers    []header `json:"headers"`
}

type header struct {
	name  string
	value []byte
}

func (h header) MarshalJSON() ([]byte, error) { return json.Marshal([]any{h.name, h.value}) }

func (h *header) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&h.name, &h.value})
}

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

var acks = map[string]kgo.Acks{"all": kgo.AllISRAcks(), "1": kgo.LeaderAck(), "0": kgo.NoAck()}

type kind struct {
	codec, acks string
	idempotent  bool
}

func (c *client) producer(want kind) (*kgo.Client, error) {
	if producer := c.producers[want]; producer != nil {
		return producer, nil
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(c.bootstrap),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(codecs[want.codec]),
		kgo.RequiredAcks(acks[want.acks]),
		kgo.ProducerLinger(20 * time.Millisecond),
		kgo.ProducerBatchMaxBytes(1_040_000),
		kgo.AllowAutoTopicCreation(),
	}
	if !want.idempotent {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	producer, err := kgo.NewClient(options...)
	c.producers[want] = producer
	return producer, err
}

func (c *client) produce(ctx context.Context, asked *job) error {
	producer, err := c.producer(kind{asked.Codec, asked.Acks, asked.Idempotent})
	if err != nil {
		return err
	}
	records := make([]*kgo.Record, 0, len(asked.Records))
	for _, from := range asked.Records {
		made := &kgo.Record{Topic: asked.Topic, Partition: from.Partition, Key: from.Key, Value: from.Value}
		if from.Timestamp != nil {
			made.Timestamp = time.UnixMilli(*from.Timestamp)
		}
		for _, header := range from.Headers {
			made.Headers = append(made.Headers, kgo.RecordHeader{Key: header.name, Value: header.value})
		}
		records = append(records, made)
	}
	return producer.ProduceSync(ctx, records...).FirstErr()
}

func (c *client) tail(ctx context.Context, topic string, partitions int32, count int) ([]record, error) {
	places := map[int32]kgo.Offset{}
	for partition := range partitions {
		places[partition] = kgo.NewOffset().AtStart()
	}
	consumer, err := kgo.NewClient(
		kgo.SeedBrokers(c.bootstrap),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: places}),
	)
	if err != nil {
		return nil, err
	}
	defer consumer.Close()
	lines := []record{}
	for len(lines) < count {
		fetches := consumer.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(read *kgo.Record) { lines = append(lines, lineOf(read)) })
	}
	return lines, nil
}

func lineOf(read *kgo.Record) record {
	timestamp := read.Timestamp.UnixMilli()
	line := record{
		Partition:  read.Partition,
		Offset:     read.Offset,
		Timestamp:  &timestamp,
		AppendTime: read.Attrs.TimestampType() == 1,
		Key:        read.Key,
		Value:      read.Value,
		Headers:    []header{},
	}
	for _, from := range read.Headers {
		line.Headers = append(line.Headers, header{from.Key, from.Value})
	}
	return line
}
