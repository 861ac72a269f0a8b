package main

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

type client struct {
	bootstrap string
	admin     *kadm.Client
	producers map[kind]*kgo.Client
}

func connect(bootstrap string) (*client, error) {
	connection, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		return nil, err
	}
	return &client{bootstrap, kadm.NewClient(connection), map[kind]*kgo.Client{}}, nil
}

func (c *client) do(ctx context.Context, asked *job) (any, error) {
	switch asked.Op {
	case "produce":
		return nil, c.produce(ctx, asked)
	case "consume":
		count, err := c.count(ctx, asked.Topic)
		if err != nil {
			return nil, err
		}
		return c.tail(ctx, asked.Topic, asked.Partitions, count)
	case "tail":
		return c.tail(ctx, asked.Topic, asked.Partitions, asked.Count)
	case "list_topics":
		topics, err := c.admin.ListTopics(ctx)
		return topics.Names(), err
	case "brokers":
		brokers, err := c.admin.ListBrokers(ctx)
		return len(brokers), err
	case "describe_topic":
		topics, err := c.admin.ListTopics(ctx, asked.Topic)
		return len(topics[asked.Topic].Partitions), first(err, topics.Error())
	case "offsets":
		begin, end, err := c.ends(ctx, asked)
		return []int64{begin, end}, err
	case "offset_for_time":
		listed, err := c.admin.ListOffsetsAfterMilli(ctx, asked.Timestamp, asked.Topic)
		found, _ := listed.Lookup(asked.Topic, asked.Partition)
		// kadm gives the end where no record is so young.
		return found.Offset, first(err, found.Err)
	case "lag":
		return c.lag(ctx, asked.Group)
	case "lag_of_exporter":
		return lagOfExporter(c.bootstrap, asked.Group)
	default:
		return c.change(ctx, asked)
	}
}

func (c *client) change(ctx context.Context, asked *job) (any, error) {
	switch asked.Op {
	case "create_topic":
		_, err := c.admin.CreateTopic(ctx, asked.Partitions, 1, asked.Configs, asked.Topic)
		return nil, err
	case "create_partitions":
		changed, err := c.admin.UpdatePartitions(ctx, asked.Total, asked.Topic)
		return nil, first(err, changed.Error())
	case "delete_topic":
		changed, err := c.admin.DeleteTopics(ctx, asked.Topic)
		return nil, first(err, changed.Error())
	case "describe_config":
		configs, err := c.admin.DescribeTopicConfigs(ctx, asked.Topic)
		if err != nil {
			return nil, err
		}
		return value(configs[0], asked.Key)
	case "alter_config":
		altered, err := c.admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Name: asked.Key, Value: &asked.Value}}, asked.Topic)
		if err == nil {
			err = altered[0].Err
		}
		return nil, err
	case "delete_records":
		offsets := kadm.Offsets{}
		offsets.AddOffset(asked.Topic, asked.Partition, asked.Before, -1)
		deleted, err := c.admin.DeleteRecords(ctx, offsets)
		return nil, first(err, deleted.Error())
	default:
		return nil, unsupported("the client has no call for it")
	}
}

// count is how many records a topic has, deleted ones left out.
func (c *client) count(ctx context.Context, topic string) (int, error) {
	begins, err := c.admin.ListStartOffsets(ctx, topic)
	if err != nil {
		return 0, err
	}
	ends, err := c.admin.ListEndOffsets(ctx, topic)
	count := int64(0)
	ends.Each(func(end kadm.ListedOffset) {
		begin, _ := begins.Lookup(topic, end.Partition)
		count += end.Offset - begin.Offset
	})
	return int(count), err
}

func (c *client) ends(ctx context.Context, asked *job) (int64, int64, error) {
	begins, err := c.admin.ListStartOffsets(ctx, asked.Topic)
	if err != nil {
		return 0, 0, err
	}
	ends, err := c.admin.ListEndOffsets(ctx, asked.Topic)
	begin, _ := begins.Lookup(asked.Topic, asked.Partition)
	end, _ := ends.Lookup(asked.Topic, asked.Partition)
	return begin.Offset, end.Offset, first(err, begin.Err, end.Err)
}

func value(configs kadm.ResourceConfig, key string) (*string, error) {
	for _, config := range configs.Configs {
		if config.Key == key {
			return config.Value, configs.Err
		}
	}
	return nil, fmt.Errorf("no %s in the answer: %w", key, configs.Err)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
