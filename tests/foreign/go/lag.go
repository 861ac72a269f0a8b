package main

import (
	"context"

	"github.com/IBM/sarama"
)

// lag is how far a group is behind, as kadm reckons it. Where nothing is committed that is all that there is.
func (c *client) lag(ctx context.Context, group string) (any, error) {
	described, err := c.admin.Lag(ctx, group)
	if err != nil {
		return nil, err
	}
	of := described[group]
	rows := []place{}
	for _, row := range of.Lag.Sorted() {
		err = first(err, row.Err)
		rows = append(rows, place{row.Topic, row.Partition, row.Lag})
	}
	return rows, first(of.Error(), err)
}

// lagOfExporter reckons it with Sarama as kafka_exporter does: all partitions of the topics that the group has committed in, with -1
// where there is no commit.
func lagOfExporter(bootstrap, group string) (any, error) {
	config := sarama.NewConfig()
	config.Version = sarama.V2_8_0_0
	client, err := sarama.NewClient([]string{bootstrap}, config)
	if err != nil {
		return nil, err
	}
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	committed, err := admin.ListConsumerGroupOffsets(group, nil)
	if err != nil {
		return nil, err
	}
	rows := []place{}
	for topic, blocks := range committed.Blocks {
		partitions, err := client.Partitions(topic)
		if err != nil {
			return nil, err
		}
		for _, partition := range partitions {
			lag := int64(-1)
			if block := blocks[partition]; block != nil && block.Offset >= 0 {
				end, err := client.GetOffset(topic, partition, sarama.OffsetNewest)
				if err != nil {
					return nil, err
				}
				lag = end - block.Offset
			}
			rows = append(rows, place{topic, partition, lag})
		}
	}
	return rows, nil
}
