// franz-go, doing jobs: `serve HOST:PORT`; franz-go or kafka-go as a member of a group: `serve franz|segmentio JSON`. Both
// are in ../README.md.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

const patience = 60 * time.Second

// job has the fields of all jobs.
type job struct {
	Op         string
	Topic      string
	Group      string
	Partitions int32
	Partition  int32
	Total      int
	Count      int
	Codec      string
	Acks       string
	Idempotent bool
	Records    []record
	Configs    map[string]*string
	Key        string
	Value      string
	Timestamp  int64
	Before     int64
}

// unsupported says why the client cannot do a job.
type unsupported string

func (why unsupported) Error() string { return string(why) }

func main() {
	if len(os.Args) == 3 {
		member(os.Args[1], os.Args[2])
		return
	}
	client, err := connect(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		if err := out.Encode(answer(client, line)); err != nil {
			return
		}
	}
}

func answer(client *client, line []byte) map[string]any {
	var asked job
	if err := json.Unmarshal(line, &asked); err != nil {
		return map[string]any{"error": err.Error()}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ok, err := client.do(ctx, &asked)
	var why unsupported
	switch {
	case errors.As(err, &why):
		return map[string]any{"unsupported": string(why)}
	case err != nil:
		return map[string]any{"error": err.Error()}
	default:
		return map[string]any{"ok": ok}
	}
}
