package main

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var balancers = map[string]kgo.GroupBalancer{
	"range":              kgo.RangeBalancer(),
	"roundrobin":         kgo.RoundRobinBalancer(),
	"sticky":             kgo.StickyBalancer(),
	"cooperative-sticky": kgo.CooperativeStickyBalancer(),
}

// franz is a member of a group with franz-go.
func franz(ctx context.Context, asked *asked, commits <-chan struct{}) error {
	client, err := kgo.NewClient(franzOptions(asked)...)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		select {
		case <-commits:
			commitUncommitted(client)
		default:
		}
		turn, end := context.WithTimeout(ctx, 100*time.Millisecond)
		fetches := client.PollRecords(turn, asked.MaxRecords)
		end()
		fetches.EachError(func(topic string, partition int32, err error) {
			if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
				say("error", map[string]any{"message": err.Error()})
			}
		})
		fetches.EachRecord(func(read *kgo.Record) {
			say("record", map[string]any{"topic": read.Topic, "partition": read.Partition, "offset": read.Offset,
				"value": string(read.Value)})
		})
		if !fetches.Empty() {
			asked.work()
			if asked.Commit == "each" {
				commitUncommitted(client)
			}
		}
		client.AllowRebalance()
	}
	client.CloseAllowingRebalance()
	return nil
}

func franzOptions(asked *asked) []kgo.Opt {
	options := []kgo.Opt{
		kgo.SeedBrokers(asked.Bootstrap),
		kgo.ConsumerGroup(asked.Group),
		kgo.ConsumeTopics(asked.Topics...),
		kgo.Balancers(balancers[asked.Assignor]),
		kgo.SessionTimeout(asked.session()),
		kgo.HeartbeatInterval(asked.session() / 10),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.OnPartitionsAssigned(func(_ context.Context, client *kgo.Client, added map[string][]int32) {
			member, generation := client.GroupMetadata()
			say("assigned", map[string]any{"partitions": places(added), "generation": generation, "member": member})
		}),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, taken map[string][]int32) {
			say("revoked", map[string]any{"partitions": places(taken)})
		}),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, taken map[string][]int32) {
			say("lost", map[string]any{"partitions": places(taken)})
		}),
	}
	if asked.Instance != "" {
		options = append(options, kgo.InstanceID(asked.Instance))
	}
	if asked.Protocol == "consumer" {
		options = append(options, kgo.ServerSideBalancer())
	}
	return options
}

func places(of map[string][]int32) []place {
	all := []place{}
	for topic, partitions := range of {
		for _, partition := range partitions {
			all = append(all, place{topic, partition})
		}
	}
	return all
}

func commitUncommitted(client *kgo.Client) {
	patient, end := context.WithTimeout(context.Background(), patience)
	defer end()
	offsets, began := client.UncommittedOffsets(), monotonic()
	if len(offsets) == 0 {
		say("committed", map[string]any{"offsets": []place{}, "began": began})
		return
	}
	client.CommitOffsetsSync(patient, offsets, func(_ *kgo.Client, request *kmsg.OffsetCommitRequest,
		response *kmsg.OffsetCommitResponse, err error) {
		done := []place{}
		if err == nil {
			for _, topic := range response.Topics {
				for _, partition := range topic.Partitions {
					err = first(err, kerr.ErrorForCode(partition.ErrorCode))
				}
			}
		}
		if err != nil {
			say("refused", map[string]any{"message": err.Error()})
			return
		}
		for topic, partitions := range offsets {
			for partition, offset := range partitions {
				done = append(done, place{topic, partition, offset.Offset})
			}
		}
		say("committed", map[string]any{"offsets": done, "began": began})
	})
}
