package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

var segmentioBalancers = map[string]kafka.GroupBalancer{
	"range":      kafka.RangeGroupBalancer{},
	"roundrobin": kafka.RoundRobinGroupBalancer{},
}

// positions are the offsets after what was read in a generation.
type positions struct {
	sync.Mutex
	next map[string]map[int]int64
}

// segmentio is a member of a group with kafka-go.
func segmentio(ctx context.Context, asked *asked, commits <-chan struct{}) error {
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID:                asked.Group,
		Brokers:           []string{asked.Bootstrap},
		Topics:            asked.Topics,
		GroupBalancers:    []kafka.GroupBalancer{segmentioBalancers[asked.Assignor]},
		HeartbeatInterval: asked.session() / 10,
		SessionTimeout:    asked.session(),
		RebalanceTimeout:  patience,
		JoinGroupBackoff:  time.Second,
		StartOffset:       kafka.FirstOffset,
	})
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		generation, err := group.Next(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			say("error", map[string]any{"message": err.Error()})
			continue
		}
		run(ctx, asked, generation, commits)
	}
	return group.Close()
}

// run starts the readers of a generation. All of them end before the member joins the next one.
func run(ctx context.Context, asked *asked, generation *kafka.Generation, commits <-chan struct{}) {
	held := []place{}
	for topic, partitions := range generation.Assignments {
		for _, partition := range partitions {
			held = append(held, place{topic, partition.ID})
		}
	}
	say("assigned", map[string]any{"partitions": held, "generation": generation.ID, "member": generation.MemberID})
	var readers sync.WaitGroup
	read := &positions{next: map[string]map[int]int64{}}
	for topic, partitions := range generation.Assignments {
		for _, partition := range partitions {
			readers.Add(1)
			generation.Start(func(ended context.Context) {
				defer readers.Done()
				both, stop := context.WithCancel(ctx)
				defer context.AfterFunc(ended, stop)()
				defer stop()
				follow(both, asked, generation, topic, partition, read)
			})
		}
	}
	generation.Start(func(ended context.Context) {
		for {
			select {
			case <-commits:
				read.commit(generation)
			case <-ctx.Done():
				readers.Wait()
				say("revoked", map[string]any{"partitions": held})
				return
			case <-ended.Done():
				readers.Wait()
				say("revoked", map[string]any{"partitions": held})
				return
			}
		}
	})
}

func follow(ctx context.Context, asked *asked, generation *kafka.Generation, topic string, at kafka.PartitionAssignment,
	read *positions) {
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{asked.Bootstrap}, Topic: topic, Partition: at.ID,
		MaxWait: 100 * time.Millisecond})
	defer reader.Close()
	if err := reader.SetOffset(at.Offset); err != nil {
		say("error", map[string]any{"message": err.Error()})
		return
	}
	for {
		message, err := reader.FetchMessage(ctx)
		if errors.Is(err, context.Canceled) || ctx.Err() != nil {
			return
		}
		if err != nil {
			say("error", map[string]any{"message": err.Error()})
			return
		}
		say("record", map[string]any{"topic": topic, "partition": at.ID, "offset": message.Offset,
			"value": string(message.Value)})
		read.passed(topic, at.ID, message.Offset+1)
		asked.work()
		if asked.Commit == "each" {
			read.commit(generation)
		}
	}
}

func (p *positions) passed(topic string, partition int, next int64) {
	p.Lock()
	defer p.Unlock()
	if p.next[topic] == nil {
		p.next[topic] = map[int]int64{}
	}
	p.next[topic][partition] = next
}

// commit holds the lock so that no older positions are committed after newer ones.
func (p *positions) commit(generation *kafka.Generation) {
	p.Lock()
	defer p.Unlock()
	began := monotonic()
	if err := generation.CommitOffsets(p.next); err != nil {
		say("refused", map[string]any{"message": err.Error()})
		return
	}
	done := []place{}
	for topic, partitions := range p.next {
		for partition, next := range partitions {
			done = append(done, place{topic, partition, next})
		}
	}
	p.next = map[string]map[int]int64{}
	say("committed", map[string]any{"offsets": done, "began": began})
}
