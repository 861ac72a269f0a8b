package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// asked is what a member of a group is told on its command line.
type asked struct {
	Bootstrap  string
	Group      string
	Topics     []string
	Protocol   string
	Assignor   string
	Instance   string
	SessionMs  int64 `json:"session_ms"`
	Commit     string
	SlowMs     int64 `json:"slow_ms"`
	MaxRecords int   `json:"max_records"`
}

// place is [topic, partition], or [topic, partition, offset] of a commit.
type place []any

var saying sync.Mutex

// say writes one event. No two of them mix.
func say(event string, fields map[string]any) {
	saying.Lock()
	defer saying.Unlock()
	line := map[string]any{"event": event, "at": monotonic(), "wall": time.Now().UnixMilli()}
	for name, field := range fields {
		line[name] = field
	}
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	// One write, so that a kill never leaves half a line.
	os.Stdout.Write(append(text, '\n'))
}

// monotonic is CLOCK_MONOTONIC in nanoseconds, which all processes of a machine have in common.
func monotonic() int64 {
	var time syscall.Timespec
	const clockMonotonic = 1
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&time)), 0)
	return time.Nano()
}

// words gives each line of stdin, and "close" at its end.
func words() <-chan string {
	given := make(chan string, 16)
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			given <- lines.Text()
		}
		given <- "close"
	}()
	return given
}

// member runs `serve franz|segmentio JSON`.
func member(client, text string) {
	var asked asked
	if err := json.Unmarshal([]byte(text), &asked); err != nil {
		fail(err)
	}
	// As long as stdin says nothing of it.
	ctx, leave := context.WithCancel(context.Background())
	commits := make(chan struct{}, 16)
	go func() {
		for word := range words() {
			if word == "close" {
				leave()
				return
			}
			commits <- struct{}{}
		}
	}()
	var err error
	if client == "franz" {
		err = franz(ctx, &asked, commits)
	} else {
		err = segmentio(ctx, &asked, commits)
	}
	if err != nil {
		fail(err)
	}
	say("closed", nil)
}

// work is what a slow member does with a batch.
func (a *asked) work() { time.Sleep(time.Duration(a.SlowMs) * time.Millisecond) }

func (a *asked) session() time.Duration { return time.Duration(a.SessionMs) * time.Millisecond }

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
